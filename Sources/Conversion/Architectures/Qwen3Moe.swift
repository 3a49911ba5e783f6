import Formats

/// Qwen 3 with experts.
struct Qwen3Moe: QwenMoe {
    static let classes = ["Qwen3MoeForCausalLM"]
    static let modelTypes = ["qwen3_moe"]

    let name = "qwen3moe"
    let model: HuggingFaceModel
    var experts: QwenExperts

    static let names = TensorNames.llama.without(TensorNames.denseLayers)
        .adding(TensorNames.headNorms)

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        self.model = model
        experts = try QwenExperts(model.config)
    }

    static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        guard config.takesRopeScaling(isTypeCopied: true) else { return }
        config.setDefaults([
            "vocab_size": 151936, "hidden_size": 2048, "intermediate_size": 6144, "num_hidden_layers": 24,
            "num_attention_heads": 32, "num_key_value_heads": 4, "max_position_embeddings": 32768,
            "rms_norm_eps": .number(1e-6), "rope_theta": 10000, "moe_intermediate_size": 768,
            "num_experts_per_tok": 8, "num_experts": 128,
        ])
    }
}
