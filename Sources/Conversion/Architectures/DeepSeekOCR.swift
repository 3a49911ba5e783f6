import Formats
import Tensors

/// The part for text of DeepSeek OCR and what was trained on from it: DeepSeek's experts with plain attention.
struct DeepSeekOCR: PlainFamily {
    static let classes = [
        "DeepseekOCRForCausalLM", "UnlimitedOCRForCausalLM",
    ]
    static let names = TensorNames.llama.adding(TensorNames.sharedExperts).adding([
        "model.layers.*.mlp.gate.e_score_correction": "blk.*.exp_probs_b"
    ])

    let name = "deepseek2-ocr"
    var parts: PlainParts

    static func storedExperts(_ config: ModelConfig) -> [StoredExperts] {
        config.first(["n_routed_experts"]) == nil ? [] : [StoredExperts(keys: ["n_routed_experts"])]
    }

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        let dense = config.first(["first_k_dense_replace"])?.wholeNumber ?? 0
        return .mixed(
            RequiredTensors.llama,
            dense: storedExperts(config).isEmpty ? Int.max : dense, experts: RequiredTensors.sharedExperts)
    }

    /// All but what sees.
    static func name(of tensor: String) -> String? {
        ["sam_model", "qwen2_model"].contains { tensor.containsUTF8($0) } ? nil : TextTensors.name(of: tensor)
    }

    mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        if config.leavesOut(head: name) { return [] }
        return try converted(name, value)
    }

    func addFirstParameters(to metadata: inout ModelMetadata) throws(ConversionError) {
        metadata["tokenizer.chat_template"] = .string(Self.template)
    }

    /// What stands in the place of a template where the files have none.
    private static let template = "{% for m in messages %}{{m['content']}}{% endfor %}"

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        var config = config
        config.setDefault("rms_norm_eps", .number(1e-6))
        try metadata.addGenericParameters(config, fileType: fileType)
        let blocks = try config.size("num_hidden_layers")
        let hasExperts = config.first(["n_routed_experts"]) != nil
        let dense = try config.integerIfPresent("first_k_dense_replace") ?? (hasExperts ? 0 : blocks)
        metadata.set("leading_dense_block_count", try ModelMetadata.count(dense))
        try metadata.addNeededCount("vocab_size", config, ["vocab_size"])
        try metadata.addCount("attention.q_lora_rank", config, ["q_lora_rank"])
        try metadata.addNeededCount(
            "expert_feed_forward_length", config, ["moe_intermediate_size", "intermediate_size"])
        try metadata.addCount("expert_count", config, ["n_routed_experts"])
        config.setDefault("n_shared_experts", 0)
        try metadata.addNeededCount("expert_shared_count", config, ["n_shared_experts"])
        try metadata.addFloat("expert_weights_scale", config, ["routed_scaling_factor"])
        if config["norm_topk_prob"]?.isTruthy == true { metadata.set("expert_weights_norm", .bool(true)) }
        try metadata.addNeededCount("rope.dimension_count", config, ["qk_rope_head_dim"])
        let windows = ["sliding_window_size", "sliding_window"].compactMap { config[$0] }
        if let window = windows.first(where: \.isTruthy) {
            guard let window = window.wholeNumber else {
                throw ModelConfig.missing(["sliding_window_size"])
            }
            metadata.set("attention.sliding_window", try ModelMetadata.count(window))
        }
        if let scale = RopeParameters(config).shared("mscale_all_dim")?.double {
            metadata.set("rope.scaling.yarn_log_multiplier", .float32(Float(0.1 * scale)))
        }
    }
}
