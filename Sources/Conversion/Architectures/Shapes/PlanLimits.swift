import Formats
import Tensors

/// What the tensors of a model must fit into, so that a wrong configuration is seen here and not by who loads the
/// file.
struct PlanLimits: Sendable {
    private let blockCount: Int?
    private let shapes: LoaderShapes
    /// The shape of each tensor of a block, by its name without the block and by what the block is like: it is the same
    /// in all of them.
    private var known: [Key: (name: String, shape: [Int])] = [:]

    private struct Key: Hashable {
        let name: ExactName
        let kind: [Int]
    }

    /// Takes the sizes from the keys that will be written.
    /// - Throws: where llama.cpp would end, or a number is larger than any float.
    init(_ architecture: any ModelArchitecture, _ config: ModelConfig) throws(ConversionError) {
        var keys = ModelMetadata(architecture: architecture.name)
        try architecture.addParameters(to: &keys, fileType: 0)
        for item in keys.items {
            guard case .float32(let number) = item.value, number.isInfinite else { continue }
            throw ConversionError(
                .configValueWrong, "config.json: the number for \(item.key) is larger than any of 32 bits",
                fix: "check that it is the config.json of this model")
        }
        let sizes = LoaderSizes(keys, config.raw)
        let needed =
            ["block_count", "embedding_length"]
            + (Self.withoutHeads.contains(sizes.architecture) ? [] : ["attention.head_count"])
        for key in needed where sizes.written(key) == 0 {
            throw ConversionError(
                .configValueWrong, "config.json states that \(key) is 0",
                fix: "check that it is the config.json of this model")
        }
        if let problem = sizes.problem {
            throw ConversionError(
                .configValueWrong, "config.json \(problem)",
                fix: "check that it is the config.json of this model")
        }
        blockCount = sizes.written("block_count")
        shapes = LoaderShapes(sizes: sizes)
    }

    /// The architectures without any attention.
    private static let withoutHeads: Set<ExactName> = [
        "mamba", "mamba2", "rwkv6", "rwkv6qwen2", "rwkv7", "arwkv7",
    ]

    /// Looks at one tensor.
    /// - Throws: where it belongs to a block that is not there, or is of another shape than llama.cpp takes, or than in
    ///   the other blocks.
    mutating func check(_ tensor: ConvertedTensor) throws(ConversionError) {
        let shape = tensor.value.shape
        if tensor.name.hasUTF8Prefix("blk."), let blockCount {
            let block = TensorNames.block(of: tensor.name)
            guard let block, block < blockCount else {
                throw ConversionError(
                    .tensorUnknown,
                    "tensor \"\(tensor.name)\" is of a block after the \(blockCount) that config.json states",
                    fix: "check that config.json belongs to these weights")
            }
            try checkBlocks(tensor, block)
        }
        if shape.contains(0) { throw ConversionError.wrongShape(tensor.name, shape, "which has no elements") }
        guard let wanted = shapes[tensor.name], let reason = Self.difference(shape, wanted) else { return }
        throw ConversionError.wrongShape(tensor.name, shape, reason)
    }

    /// In what a shape is another than is wanted; `nil` where it is that one, and where nothing is wanted.
    static func difference(_ shape: [Int], _ wanted: [Int?]) -> String? {
        if wanted.isEmpty { return nil }
        let isSame =
            shape.count == wanted.count && zip(shape, wanted).allSatisfy { $1 == nil || $1 == $0 }
        guard !isSame else { return nil }
        if shape.count == 2, wanted.count == 2 {
            if let length = wanted[1], shape[1] != length { return "whose rows are not \(length) long" }
            if let rows = wanted[0] { return "which has not \(rows) rows" }
        }
        let text = wanted.map { $0.map { "\($0)" } ?? "any" }.joined(separator: ", ")
        return "which is not [\(text)]"
    }

    private mutating func checkBlocks(_ tensor: ConvertedTensor, _ block: Int) throws(ConversionError) {
        let name = tensor.name.split(separator: ".").dropFirst(2).joined(separator: ".")
        let key = Key(name: ExactName(name), kind: shapes.sizes.kind(block))
        guard let other = known[key] else {
            known[key] = (tensor.name, tensor.value.shape)
            return
        }
        guard other.shape == tensor.value.shape else {
            throw ConversionError.wrongShape(
                tensor.name, tensor.value.shape, "and \"\(other.name)\" has \(other.shape)")
        }
    }
}
