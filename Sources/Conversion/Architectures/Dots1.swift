import Formats
import Tensors

/// rednote's dots.llm1.
struct Dots1: PlainFamily {
    static let classes = ["Dots1ForCausalLM"]
    static let modelTypes = ["dots1"]
    static let names = TensorNames.llama.adding(TensorNames.sharedExperts).adding(TensorNames.headNorms)
        .adding(["model.layers.*.mlp.gate.e_score_correction": "blk.*.exp_probs_b"])

    let name = "dots1"
    var parts: PlainParts

    static func storedExperts(_ config: ModelConfig) -> [StoredExperts] {
        [StoredExperts(keys: ["n_routed_experts"])]
    }

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        .mixed(
            RequiredTensors.llama + RequiredTensors.headNorms,
            dense: config.first(["first_k_dense_replace"])?.wholeNumber ?? 0,
            experts: RequiredTensors.sharedExperts + ["exp_probs_b.bias"])
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        var config = config
        config["num_experts"] = .integer(try config.size("n_routed_experts"))
        try metadata.addGenericParameters(config, fileType: fileType)
        try metadata.addCount("expert_feed_forward_length", config, ["moe_intermediate_size"])
        try metadata.addCount(
            "expert_shared_feed_forward_length", config, ["shared_expert_intermediate_size"])
        try metadata.addNeededCount("leading_dense_block_count", config, ["first_k_dense_replace"])
        try metadata.addNeededCount("expert_shared_count", config, ["n_shared_experts"])
        try metadata.addNeededFloat("expert_weights_scale", config, "routed_scaling_factor")
        try metadata.addNeededFlag("expert_weights_norm", config, "norm_topk_prob")
    }

    static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        guard config.takesLayerTypes(layers: 62), config.takesRopeScaling(isTypeCopied: false) else { return }
        config.setDefaults([
            "vocab_size": 152_064, "hidden_size": 4608, "intermediate_size": 10944,
            "moe_intermediate_size": 1408, "num_hidden_layers": 62, "num_attention_heads": 32,
            "num_key_value_heads": 32, "n_shared_experts": .null, "n_routed_experts": .null,
            "n_group": 1, "topk_group": 1, "num_experts_per_tok": .null, "first_k_dense_replace": 0,
            "norm_topk_prob": false, "max_position_embeddings": 2048, "rms_norm_eps": .number(1e-6),
            "tie_word_embeddings": false, "rope_theta": 10000, "routed_scaling_factor": 1,
            "sliding_window": 4096, "max_window_layers": 62,
        ])
        config.setDefault("num_key_value_heads", from: "num_attention_heads")
    }
}
