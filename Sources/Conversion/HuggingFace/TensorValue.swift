/// What the elements of a tensor to write are: a function of a checkpoint's tensors that can be computed for any
/// range of elements, so that no tensor is ever held as a whole.
package struct TensorValue: Hashable, Sendable {
    /// Where elements come from.
    package enum Content: Hashable, Sendable {
        /// One view's elements after another's, each in row-major order.
        case views([TensorView])
        /// Numbers that the conversion computed.
        case numbers([Float])
    }

    /// Arithmetic on every element, in 32-bit floats.
    package enum Operation: Hashable, Sendable {
        /// Adds a number.
        case add(Float)
        /// Multiplies by a number.
        case multiply(Float)
        /// Takes e to its power, as ``Exponential``.
        case exponential
        /// Adds the element at the same place of a view with as many; of no part but the only one.
        case addView(TensorView)
    }

    /// Where the elements come from.
    package var content: Content
    /// The numbers of elements, outermost dimension first.
    package var shape: [Int]
    /// What is computed of each element, one operation after the other.
    package var operations: [Operation] = []
    /// What is computed behind that of the elements of each view alone; empty where that is nothing.
    package var partOperations: [[Operation]] = []

    /// Whether the elements are the checkpoint's.
    package var isPlain: Bool { operations.isEmpty && partOperations.isEmpty }

    /// What is computed of the elements of a view, by its place among the views.
    package func operations(ofPart place: Int) -> [Operation] {
        partOperations.indices.contains(place) ? operations + partOperations[place] : operations
    }

    /// The elements of one view.
    package init(_ view: TensorView) {
        content = .views([view])
        shape = view.shape
    }

    /// Numbers.
    package init(numbers: [Float], shape: [Int]) {
        content = .numbers(numbers)
        self.shape = shape
    }

    /// The elements of views in another shape, which has as many.
    package init(_ views: [TensorView], shape: [Int]) {
        content = .views(views)
        self.shape = shape
    }

    /// The number of elements; the shape was seen to have a size.
    package var elementCount: Int { shape.reduce(1, &*) }

    /// The one view that this is, where it is one of its own shape and nothing is computed.
    package var view: TensorView? {
        guard case .views(let views) = content, views.count == 1, isPlain, views[0].shape == shape
        else { return nil }
        return views[0]
    }

    /// The same elements, with an operation behind those that are there.
    package func adding(_ number: Float) -> TensorValue {
        var result = self
        result.operations.append(.add(number))
        return result
    }

    /// The sums of the elements of two views of a shape, from zero on (`torch.sum`).
    package static func sum(_ first: TensorView, _ second: TensorView) -> TensorValue {
        var result = TensorValue(first)
        result.operations = [.add(0), .addView(second)]
        return result
    }

    /// Minus e to the power of the same elements, behind the operations that are there.
    package var negatedExponential: TensorValue {
        var result = self
        result.operations += [.exponential, .multiply(-1)]
        return result
    }

    /// Values of one shape as one, with a new outermost dimension (`torch.stack`).
    /// - Returns: `nil` if there is none, they differ in shape or operations, or one is of computed numbers.
    package static func stacked(_ values: [TensorValue]) -> TensorValue? {
        guard let first = values.first, var result = joined(values) else { return nil }
        guard values.allSatisfy({ $0.shape == first.shape }) else { return nil }
        result.shape = [values.count] + first.shape
        return result
    }

    /// Values one after the other along the outermost dimension (`torch.cat`).
    /// - Returns: as ``stacked(_:)``, but that the outermost dimensions may differ.
    package static func concatenated(_ values: [TensorValue]) -> TensorValue? {
        guard let first = values.first, !first.shape.isEmpty, var result = joined(values) else { return nil }
        guard values.allSatisfy({ $0.shape.dropFirst() == first.shape.dropFirst() && !$0.shape.isEmpty })
        else {
            return nil
        }
        result.shape = [values.reduce(0) { $0 &+ $1.shape[0] }] + first.shape.dropFirst()
        return result
    }

    private static func joined(_ values: [TensorValue]) -> TensorValue? {
        var views: [TensorView] = []
        for value in values {
            guard case .views(let own) = value.content, value.partOperations.isEmpty,
                value.operations == values.first?.operations
            else {
                return nil
            }
            views += own
        }
        guard let first = values.first else { return nil }
        var result = first
        result.content = .views(views)
        return result
    }
}

/// A tensor to write: what it is called and what it is.
package struct ConvertedTensor: Hashable, Sendable {
    /// GGUF's name, as `blk.0.attn_v.weight`.
    package var name: String
    /// The elements.
    package var value: TensorValue

    /// Makes a tensor.
    package init(_ name: String, _ value: TensorValue) {
        self.name = name
        self.value = value
    }
}
