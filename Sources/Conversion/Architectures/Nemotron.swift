import Formats
import Tensors

/// Nvidia's Nemotron and Minitron: norms that are counted from 1, and no gates in the feed-forward part.
struct Nemotron: ModelArchitecture {
    static let classes = ["NemotronForCausalLM"]
    static let modelTypes = ["nemotron"]

    let name = "nemotron"
    private let config: ModelConfig
    static func spellings(_ config: ModelConfig) -> [TensorNames] { names.spellings }

    private static let names = TensorNames.llama.without(
        ["model.layers.*.mlp.gate_proj", "layers.*.mlp.gate_proj"])

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        RequiredTensors(
            ["token_embd", "output_norm+"],
            block: ["attn_norm+", "ffn_norm+"] + RequiredTensors.attention + ["ffn_up", "ffn_down"])
    }

    init(_ model: HuggingFaceModel) throws(ConversionError) { config = model.config }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        let value = name.hasUTF8Suffix("norm.weight") ? value.adding(1) : value
        return [try Self.names.renamed(name, value, self.name)]
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(config, fileType: fileType)
        try metadata.addNeededCount("vocab_size", config, ["vocab_size"])
        metadata.set(
            "attention.layer_norm_epsilon",
            .float32(
                Float(
                    try config.number("layer_norm_eps", "layer_norm_epsilon", "norm_epsilon", "norm_eps"))))
        let rope = RopeParameters(config)
        guard let share = rope.number("partial_rotary_factor") else {
            throw ModelConfig.missing(["partial_rotary_factor"])
        }
        let heads = try config.size("num_attention_heads", "n_head")
        metadata.set(
            "rope.dimension_count",
            try ModelMetadata.share(share, of: config.size("hidden_size", "n_embd"), heads: heads))
        let stated = config.first(["factor"])
        let factor = (stated?.isTruthy == true ? stated?.double : nil) ?? rope.number("factor")
        metadata.set("rope.scaling.type", .string(factor == nil ? "none" : "linear"))
        if let factor { metadata.set("rope.scaling.factor", .float32(Float(factor))) }
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try vocabulary.addSentencePiece(to: &metadata)
        metadata["tokenizer.ggml.padding_token_id"] = .uint32(0)
        metadata["tokenizer.ggml.unknown_token_id"] = .uint32(1)
    }

    static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        guard config.takesRopeScaling(isTypeCopied: false) else { return }
        config.setDefaults([
            "vocab_size": 256_000, "hidden_size": 6144, "intermediate_size": 24576, "num_hidden_layers": 32,
            "num_attention_heads": 48, "num_key_value_heads": .null, "max_position_embeddings": 4096,
            "norm_eps": .number(1e-5), "rope_theta": 10000, "partial_rotary_factor": .number(0.5),
            "bos_token_id": 2, "eos_token_id": 3,
        ])
        config.setHeadLength()
    }
}
