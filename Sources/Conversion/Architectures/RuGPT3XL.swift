import Formats
import Tensors

/// Sber's ruGPT-3 XL: GPT-2 whose queries, keys and values are stored apart.
struct RuGPT3XL: ModelArchitecture {
    static let classes = ["RuGPT3XLForCausalLM"]
    static let modelTypes: [String] = []

    let name = "gpt2"
    private let config: ModelConfig
    /// The parts that are there of a block's weights and biases.
    private var parts: [ExactName: [ExactName: TensorValue]] = [:]

    static func spellings(_ config: ModelConfig) -> [TensorNames] {
        func parts(_ end: String) -> [String] {
            ["q", "k", "v"].map { "model.layers.*.self_attn.\($0)_proj.\(end)" }
        }
        return [
            names.storing([
                "blk.*.attn_qkv.weight": parts("weight"), "blk.*.attn_qkv.bias": parts("bias"),
            ])
        ]
    }

    private static let names: TensorNames = {
        var names: [ExactName: String] = [
            "model.embed_tokens": "token_embd", "model.embed_positions": "position_embd",
            "model.norm": "output_norm", "lm_head": "output",
        ]
        for (name, inGGUF) in [
            "input_layernorm": "attn_norm", "self_attn.o_proj": "attn_output",
            "post_attention_layernorm": "ffn_norm", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
        ] { names["model.layers.*.\(name)"] = "blk.*.\(inGGUF)" }
        return TensorNames(names)
    }()

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        RequiredTensors(["token_embd", "position_embd", "output_norm+"], block: RequiredTensors.biased)
    }

    init(_ model: HuggingFaceModel) throws(ConversionError) { config = model.config }

    mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        let kinds = ["q", "k", "v"]
        guard let kind = kinds.first(where: { name.containsUTF8(".self_attn.\($0)_proj.") }),
            let block = TensorNames.block(of: name)
        else { return [try Self.names.renamed(name, value, self.name)] }
        let end = name.hasUTF8Suffix(".weight") ? "weight" : "bias"
        let target = "blk.\(block).attn_qkv.\(end)"
        parts[ExactName(target), default: [:]][ExactName(kind)] = value
        let own = parts[ExactName(target)] ?? [:]
        let values = kinds.compactMap { own[ExactName($0)] }
        guard values.count == kinds.count else { return [] }
        let width = try config.size("hidden_size", "n_embd", "dim")
        guard values.allSatisfy({ $0.shape.first == width }), let joined = TensorValue.concatenated(values)
        else {
            throw .wrongShape(name, value.shape, "which does not fit the other two for \(width) rows each")
        }
        parts[ExactName(target)] = nil
        return [ConvertedTensor(target, joined)]
    }

    func finish() throws(ConversionError) {
        guard let (target, own) = parts.min(by: { $0.key < $1.key }) else { return }
        let block = TensorNames.block(of: target.text) ?? 0
        let end = target.text.hasUTF8Suffix(".weight") ? "weight" : "bias"
        throw .missingTensors(
            ["q", "k", "v"].filter { own[ExactName($0)] == nil }.map {
                "model.layers.\(block).self_attn.\($0)_proj.\(end)"
            })
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(config, fileType: fileType)
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try vocabulary.addBPE(to: &metadata)
    }
}
