import Formats

/// Qwen 1.5 and 2 with experts, one of them for every token.
struct Qwen2Moe: QwenMoe {
    static let classes = ["Qwen2MoeForCausalLM"]
    static let modelTypes = ["qwen2_moe"]

    let name = "qwen2moe"
    let model: HuggingFaceModel
    var experts: QwenExperts

    static let names = TensorNames.llama.without(TensorNames.denseLayers).adding([
        "model.layers.*.mlp.shared_expert.gate_proj": "blk.*.ffn_gate_shexp",
        "model.layers.*.mlp.shared_expert.up_proj": "blk.*.ffn_up_shexp",
        "model.layers.*.mlp.shared_expert.down_proj": "blk.*.ffn_down_shexp",
        "model.layers.*.mlp.shared_expert_gate": "blk.*.ffn_gate_inp_shexp",
    ])

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        self.model = model
        experts = try QwenExperts(model.config)
    }

    static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        guard config.takesRopeScaling(isTypeCopied: true) else { return }
        config.setDefaults([
            "vocab_size": 151936, "hidden_size": 2048, "intermediate_size": 5632, "num_hidden_layers": 24,
            "num_attention_heads": 16, "num_key_value_heads": 16, "max_position_embeddings": 32768,
            "rms_norm_eps": .number(1e-6), "rope_theta": 10000, "moe_intermediate_size": 1408,
            "shared_expert_intermediate_size": 5632, "num_experts_per_tok": 4, "num_experts": 60,
        ])
    }
}
