import Formats

/// The experts of Qwen's kind, which checkpoints have one by one or, since transformers 5, as one tensor a block.
struct QwenExperts: Sendable {
    private var stacks: ExpertStacks

    /// Takes the number of experts of a block from `num_local_experts` or `num_experts`.
    /// - Throws: ``ConversionError`` where neither is a size.
    init(_ config: ModelConfig) throws(ConversionError) {
        stacks = ExpertStacks(
            count: try config.size("num_local_experts", "num_experts"),
            parts: ["down_proj", "gate_proj", "up_proj"],
            path: "mlp.experts")
    }

    /// The ways in which checkpoints have a family's names with experts one by one, and as one tensor a block.
    static func spellings(_ names: TensorNames, _ config: ModelConfig) -> [TensorNames] {
        let start = "model.layers.*.mlp.experts."
        let stacked = names.storing([
            "blk.*.ffn_gate_exps.weight": [start + "gate_up_proj"],
            "blk.*.ffn_up_exps.weight": [start + "gate_up_proj"],
            "blk.*.ffn_down_exps.weight": [start + "down_proj"],
        ])
        let count = config.first(["num_local_experts", "num_experts"])?.wholeNumber
        return names.storingExperts(count: count).spellings + stacked.spellings
    }

    /// The tensors that are whole after this one, named as a stack of `mlp.experts` is.
    mutating func add(
        _ name: String, _ value: TensorValue
    ) throws(ConversionError) -> [(name: String, value: TensorValue)] {
        let base =
            name.hasUTF8Suffix(".weight") ? String(decoding: name.utf8.dropLast(7), as: UTF8.self) : name
        if base.hasUTF8Suffix("mlp.experts.down_proj") { return [(base + ".weight", value)] }
        if base.hasUTF8Suffix("mlp.experts.gate_up_proj") {
            let prefix = String(decoding: base.utf8.dropLast("gate_up_proj".utf8.count), as: UTF8.self)
            let (gate, up) = try Self.halves(name, value)
            return [("\(prefix)gate_proj.weight", gate), ("\(prefix)up_proj.weight", up)]
        }
        return try stacks.add(name, value) ?? [(name, value)]
    }

    /// The two halves of the rows of every expert.
    private static func halves(
        _ name: String, _ value: TensorValue
    ) throws(ConversionError) -> (TensorValue, TensorValue) {
        let axis = value.shape.count - 2
        guard axis >= 1, value.shape[axis].isMultiple(of: 2), let view = value.view,
            let first = view.sliced(axis: axis, 0..<value.shape[axis] / 2),
            let second = view.sliced(axis: axis, value.shape[axis] / 2..<value.shape[axis])
        else { throw ConversionError.wrongShape(name, value.shape, "which has no two halves") }
        return (TensorValue(first), TensorValue(second))
    }

    /// Looks at what is left.
    /// - Throws: where a stack is not whole.
    func finish() throws(ConversionError) { try stacks.finish() }
}

/// A Qwen with experts in every layer, of which only names and defaults are its own.
protocol QwenMoe: ModelArchitecture {
    /// What its tensors are called in GGUF.
    static var names: TensorNames { get }
    /// The model.
    var model: HuggingFaceModel { get }
    /// What stacks the experts.
    var experts: QwenExperts { get set }
}

extension QwenMoe {
    static func spellings(_ config: ModelConfig) -> [TensorNames] { QwenExperts.spellings(names, config) }

    mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        var converted: [ConvertedTensor] = []
        for tensor in try experts.add(name, value) {
            converted.append(try Self.names.renamed(tensor.name, tensor.value, self.name))
        }
        return converted
    }

    func finish() throws(ConversionError) { try experts.finish() }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(model.config, fileType: fileType)
        try metadata.addCount("expert_feed_forward_length", model.config, ["moe_intermediate_size"])
        try metadata.addCount(
            "expert_shared_feed_forward_length", model.config, ["shared_expert_intermediate_size"])
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try vocabulary.addBPE(to: &metadata)
    }
}
