import Formats

/// GLM-4 of April 2025 (GLM-4-0414).
struct GLM4: ModelArchitecture {
    static let classes = ["Glm4ForCausalLM"]
    static let modelTypes = ["glm4"]

    let name = "glm4"
    private let config: ModelConfig
    package static func spellings(_ config: ModelConfig) -> [TensorNames] { names.spellings }

    private static let names = TensorNames.llama.adding([
        "model.layers.*.post_self_attn_layernorm": "blk.*.post_attention_norm",
        "model.layers.*.post_mlp_layernorm": "blk.*.post_ffw_norm",
        "model.layers.*.mlp.gate_up_proj": "blk.*.ffn_up",
    ])

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        config = model.config
        guard RopeParameters(config).shared("mrope_section") == nil else {
            throw ConversionError(
                .architectureUnknown, "GLM-4 with rotations in sections, for images, cannot be converted",
                fix: "take a GGUF that someone made with llama.cpp")
        }
    }

    mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        [try Self.names.renamed(name, value, self.name)]
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(config, fileType: fileType)
        let share = RopeParameters(config).number("partial_rotary_factor") ?? 0.5
        metadata.set(
            "rope.dimension_count", try ModelMetadata.share(share, of: config.headLength(), heads: 1))
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        let end = "<|endoftext|>"
        try vocabulary.addBPE(
            to: &metadata, special: [("eos", end), ("eot", "<|user|>"), ("unk", end), ("bos", end)])
    }

    static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        config.setDefaults([
            "vocab_size": 151552, "hidden_size": 4096, "intermediate_size": 13696, "num_hidden_layers": 40,
            "num_attention_heads": 32, "num_key_value_heads": 2, "partial_rotary_factor": .number(0.5),
            "head_dim": 128, "max_position_embeddings": 131072, "rms_norm_eps": .number(0.00000015625),
            "rope_theta": 10000, "pad_token_id": 151329,
        ])
    }
}
