/// Elements of one tensor of a checkpoint in another order: the element at an index is at `offset` plus the sum of
/// the index's parts times `strides`, counted in elements. A slice, a transposition and what splits or swaps
/// dimensions are all of this kind.
package struct TensorView: Hashable, Sendable {
    /// The tensor's place in the checkpoint's list.
    package let tensor: Int
    /// Where the first element is.
    package private(set) var offset: Int
    /// The numbers of elements, outermost dimension first.
    package private(set) var shape: [Int]
    /// How far apart neighbours along each dimension are.
    package private(set) var strides: [Int]
    /// Whether all elements are 0, whatever the tensor has.
    package private(set) var isZero = false

    /// All of a tensor as it is stored.
    package init(_ tensor: Int, shape: [Int]) {
        self.tensor = tensor
        self.shape = shape
        offset = 0
        strides = Self.contiguousStrides(shape)
    }

    /// Elements of a tensor by their places, which are the caller's business.
    package init(tensor: Int, offset: Int, shape: [Int], strides: [Int]) {
        self.tensor = tensor
        self.offset = offset
        self.shape = shape
        self.strides = strides
    }

    /// Zeros of the type that a tensor has.
    package init(zerosOf tensor: Int, shape: [Int]) {
        self.init(tensor, shape: shape)
        isZero = true
    }

    /// The same places in another tensor.
    package func moved(to tensor: Int) -> TensorView {
        var view = TensorView(tensor: tensor, offset: offset, shape: shape, strides: strides)
        view.isZero = isZero
        return view
    }

    /// The number of elements.
    package var count: Int { shape.reduce(1, &*) }

    /// Whether the elements follow one another.
    package var isContiguous: Bool {
        var expected = 1
        for (length, stride) in zip(shape, strides).reversed() where length != 1 {
            if stride != expected { return false }
            expected = expected &* length
        }
        return true
    }

    private static func contiguousStrides(_ shape: [Int]) -> [Int] {
        var strides = [Int](repeating: 1, count: shape.count)
        for axis in shape.indices.dropLast().reversed() {
            strides[axis] = strides[axis + 1] &* shape[axis + 1]
        }
        return strides
    }

    // MARK: Other orders

    /// With one dimension in the place of a few: `parts` multiply to the length of `axis`.
    /// - Returns: `nil` where they do not.
    package func split(axis: Int, into parts: [Int]) -> TensorView? {
        guard shape.indices.contains(axis), parts.allSatisfy({ $0 >= 0 }) else { return nil }
        var product = 1
        for part in parts {
            let (next, overflow) = product.multipliedReportingOverflow(by: part)
            if overflow { return nil }
            product = next
        }
        guard product == shape[axis] else { return nil }
        var result = self
        let stride = strides[axis]
        result.shape.replaceSubrange(axis...axis, with: parts)
        result.strides.replaceSubrange(axis...axis, with: Self.contiguousStrides(parts).map { $0 &* stride })
        return result
    }

    /// With two dimensions in each other's place. The axes are the caller's business.
    package func swapped(_ first: Int, _ second: Int) -> TensorView {
        var result = self
        result.shape.swapAt(first, second)
        result.strides.swapAt(first, second)
        return result
    }

    /// Without a dimension of length 1.
    /// - Returns: `nil` where it is longer, or is not there.
    package func dropping(axis: Int) -> TensorView? {
        guard shape.indices.contains(axis), shape[axis] == 1 else { return nil }
        var result = self
        result.shape.remove(at: axis)
        result.strides.remove(at: axis)
        return result
    }

    /// Only some of the elements along a dimension: every `step`th of `range`.
    /// - Returns: `nil` where the range is not inside.
    package func sliced(axis: Int, _ range: Range<Int>, step: Int = 1) -> TensorView? {
        guard shape.indices.contains(axis), range.lowerBound >= 0, range.upperBound <= shape[axis], step > 0
        else { return nil }
        var result = self
        result.offset &+= range.lowerBound &* strides[axis]
        result.shape[axis] = (range.count + step - 1) / step
        result.strides[axis] = strides[axis] &* step
        return result
    }
}
