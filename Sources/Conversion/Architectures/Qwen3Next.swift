import Formats
import Tensors

/// Qwen3-Next: three of four layers have a state in the place of attention, and all have experts.
struct Qwen3Next: QwenHybridFamily {
    static let classes = ["Qwen3NextForCausalLM"]
    static let modelTypes = ["qwen3_next"]

    let name = "qwen3next"
    var hybrid: QwenHybrid

    static func spellings(_ config: ModelConfig) -> [TensorNames] {
        let inputs = ["model.layers.*.linear_attn.in_proj_qkvz.weight"]
        return QwenExperts.spellings(
            names.storing(["blk.*.attn_qkv.weight": inputs, "blk.*.attn_gate.weight": inputs]), config)
    }

    private static let names = QwenHybrid.names.adding(QwenHybrid.withExperts).adding([
        "model.layers.*.linear_attn.in_proj_ba": "blk.*.ssm_ba"
    ])

    static let inputs = ["ssm_ba"]

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        hybrid = try QwenHybrid(model, name, Self.names)
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try hybrid.addParameters(to: &metadata, fileType: fileType)
    }

    static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        let interval = config["full_attention_interval"]?.wholeNumber ?? 4
        guard config.takesLayerTypes(layers: 48), config.takesRopeScaling(isTypeCopied: false), interval > 0
        else { return }
        config.setDefaults([
            "vocab_size": 151936, "hidden_size": 2048, "intermediate_size": 5632, "num_hidden_layers": 48,
            "num_attention_heads": 16, "num_key_value_heads": 2, "max_position_embeddings": 32768,
            "rms_norm_eps": .number(1e-6), "rope_theta": 10000, "partial_rotary_factor": .number(0.25),
            "head_dim": 256, "linear_conv_kernel_dim": 4, "linear_key_head_dim": 128,
            "linear_value_head_dim": 128, "linear_num_key_heads": 16, "linear_num_value_heads": 32,
            "moe_intermediate_size": 512, "shared_expert_intermediate_size": 512, "num_experts_per_tok": 10,
            "num_experts": 512,
        ])
        guard config.first(["layer_types"]) == nil,
            let count = config.first(["num_hidden_layers"])?.wholeNumber, (0...4_096).contains(count)
        else { return }
        config["layer_types"] = .array(
            (1...max(1, count)).prefix(count).map {
                .string($0.isMultiple(of: interval) ? "full_attention" : "linear_attention")
            })
    }
}
