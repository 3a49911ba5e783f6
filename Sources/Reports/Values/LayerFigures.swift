import Formats

/// What the tensors of a layer come to, or one tensor that is in none.
package struct LayerFigure: Equatable, Sendable {
    /// The layer's name, or the tensor's.
    package let name: String
    /// The number of tensors.
    package let tensors: Int
    /// Their bytes.
    package let bytes: Int
    /// Their elements; `nil` where that of one is not known.
    package let elements: Int?

    /// Bits for each element; `nil` where the number of elements is not known, or 0.
    package var bits: Double? {
        guard let elements, elements > 0 else { return nil }
        return Double(bytes) * 8 / Double(elements)
    }
}

/// Sums over the layers of a model, in the order of the layers, then what is in none, the largest first.
package struct LayerFigures: Equatable, Sendable {
    /// The most layers and tensors that are told apart; neighbours are put together where there are more.
    package static let most = 160

    /// The figures.
    package let all: [LayerFigure]

    /// Sums up.
    package init(_ tensors: [TensorRecord]) {
        var layers: [LayerName: Sum] = [:]
        var single: [(name: String, sum: Sum)] = []
        for tensor in tensors {
            if let layer = tensor.layer {
                layers[layer, default: Sum()].add(tensor)
            } else {
                var sum = Sum()
                sum.add(tensor)
                single.append((tensor.name, sum))
            }
        }
        single.sort {
            $0.sum.bytes == $1.sum.bytes ? $0.name.precedesByBytes($1.name) : $0.sum.bytes > $1.sum.bytes
        }
        // Norms and biases outside of the layers are small and many.
        if single.count > 8 {
            let rest = single[7...].reduce(into: Sum()) { $0.add($1.sum) }
            single = single[..<7] + [("\(rest.tensors) other tensors", rest)]
        }
        all = (LayerFigures.grouped(layers) + single).map { name, sum in
            LayerFigure(
                name: VisibleText.shortened(name), tensors: sum.tensors, bytes: sum.bytes,
                elements: sum.isKnown ? sum.elements : nil
            )
        }
    }

    /// The layers in their order, neighbours together where there are many.
    private static func grouped(_ sums: [LayerName: Sum]) -> [(String, Sum)] {
        let layers = sums.keys.sorted()
        let size = max(1, (layers.count + most - 1) / most)
        return stride(from: 0, to: layers.count, by: size).map { start in
            let group = layers[start..<min(start + size, layers.count)]
            let sum = group.reduce(into: Sum()) { $0.add(sums[$1] ?? Sum()) }
            let (first, last) = (group.first?.text ?? "", group.last?.text ?? "")
            return (group.count == 1 ? first : "\(first) to \(last)", sum)
        }
    }

    fileprivate struct Sum {
        var tensors = 0
        var bytes = 0
        var elements = 0
        var isKnown = true

        mutating func add(_ tensor: TensorRecord) {
            tensors += 1
            bytes = bytes.saturated(adding: tensor.bytes.count)
            if let count = tensor.elements {
                elements = elements.saturated(adding: count)
            } else {
                isKnown = false
            }
        }

        mutating func add(_ other: Sum) {
            tensors += other.tensors
            bytes = bytes.saturated(adding: other.bytes)
            elements = elements.saturated(adding: other.elements)
            isKnown = isKnown && other.isKnown
        }
    }
}

/// What the tensors of one type come to.
package struct TypeFigure: Equatable, Sendable {
    /// The type in the format's words.
    package let type: String
    /// The figures, under the type's name.
    package let figure: LayerFigure

    /// The types of tensors, the one with the most bytes first.
    package static func all(_ tensors: [TensorRecord]) -> [TypeFigure] {
        var types: [ExactName: LayerFigures.Sum] = [:]
        for tensor in tensors {
            types[ExactName(tensor.type ?? "unknown"), default: LayerFigures.Sum()].add(tensor)
        }
        return types.map { type, sum in
            TypeFigure(
                type: type.text,
                figure: LayerFigure(
                    name: type.text, tensors: sum.tensors, bytes: sum.bytes,
                    elements: sum.isKnown ? sum.elements : nil))
        }.sorted {
            $0.figure.bytes == $1.figure.bytes
                ? $0.type.precedesByBytes($1.type) : $0.figure.bytes > $1.figure.bytes
        }
    }
}

/// What a conversion cost: the error of its tensors, layer by layer.
///
/// A measured one comes from reading both models; one that a lock states would be put in here in the same way.
package struct ConversionCost: Equatable, Sendable {
    /// The error of a layer, or of a tensor that is in none.
    package struct Layer: Equatable, Sendable {
        /// The layer's name.
        package let name: String
        /// The number of tensors that were compared.
        package let tensors: Int
        /// The root of the errors' energy over the original's: 0.01 is one percent. `nil` where the original is zero and the
        /// other is not.
        package let relative: Double?

        /// Records an error.
        package init(name: String, tensors: Int, relative: Double?) {
            (self.name, self.tensors, self.relative) = (name, tensors, relative)
        }
    }

    /// The entry that was made.
    package let entry: String
    /// The file, where it is a model of its own beside the entry's, such as a projector; `nil` for the entry's model.
    package let file: String?
    /// The entry that it was made from, with those that were merged into it.
    package let original: String
    /// Of all tensors together.
    package let total: Layer
    /// The layers in their order; neighbours are put together where there are more than ``LayerFigures/most``, with the largest
    /// error of theirs.
    package let layers: [Layer]
    /// Where the figures come from, to be read after "Error of the weights,".
    package let source: String
    private static func grouped(_ layers: [Layer]) -> [Layer] {
        guard layers.count > LayerFigures.most else { return layers }
        let size = (layers.count + LayerFigures.most - 1) / LayerFigures.most
        return stride(from: 0, to: layers.count, by: size).map { start in
            let group = layers[start..<min(start + size, layers.count)]
            let (first, last) = (group.first?.name ?? "", group.last?.name ?? "")
            return Layer(
                name: group.count == 1 ? first : "the worst from \(first) to \(last)",
                tensors: group.saturatedSum(\.tensors), relative: group.compactMap(\.relative).max())
        }
    }

    /// The names of tensors that could not be compared.
    package let notCompared: [String]

    /// Records what was measured.
    package init(
        entry: String, file: String? = nil, original: String, total: Layer, layers: [Layer], source: String,
        notCompared: [String]
    ) {
        self.entry = entry
        self.file = file
        self.original = original
        self.total = total
        self.layers = ConversionCost.grouped(layers)
        self.source = source
        self.notCompared = notCompared
    }
}
