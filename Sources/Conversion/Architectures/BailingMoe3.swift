import Formats
import Tensors

/// Ling 3: most layers have a state (KDA) in the place of attention, the others keys and values out of a short vector
/// (MLA), both with gates.
struct BailingMoe3: PlainFamily {
    static let classes = ["BailingMoeV3ForCausalLM", "BailingMoeV3VLForConditionalGeneration"]
    static let names: TensorNames = {
        var names: [ExactName: String] = [
            "model.word_embeddings": "token_embd", "model.norm": "output_norm", "lm_head": "output",
        ]
        for (name, inGGUF) in [
            "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm",
            "final_layernorm": "layer_output_norm", "eh_proj": "nextn.eh_proj", "enorm": "nextn.enorm",
            "hnorm": "nextn.hnorm", "mlp.gate": "ffn_gate_inp", "mlp.gate.expert_bias": "exp_probs_b",
            "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
            "mlp.experts.gate_proj": "ffn_gate_exps", "mlp.experts.up_proj": "ffn_up_exps",
            "mlp.experts.down_proj": "ffn_down_exps",
        ] { names[ExactName("model.layers.*.\(name)")] = "blk.*.\(inGGUF)" }
        for (name, inGGUF) in [
            "q_proj": "attn_q", "k_proj": "attn_k", "v_proj": "attn_v", "dense": "attn_output",
            "o_proj": "attn_output", "q_conv1d": "ssm_conv1d_q", "k_conv1d": "ssm_conv1d_k",
            "v_conv1d": "ssm_conv1d_v", "A_log": "ssm_a", "dt_proj": "ssm_dt", "b_proj": "ssm_beta",
            "f_proj": "ssm_f_a", "o_norm": "ssm_norm", "q_a_proj": "attn_q_a",
            "q_a_layernorm": "attn_q_a_norm", "q_b_proj": "attn_q_b", "kv_a_proj_with_mqa": "attn_kv_a_mqa",
            "kv_a_layernorm": "attn_kv_a_norm", "k_b_proj": "attn_k_b", "v_b_proj": "attn_v_b",
            // Of layers with a state; of the others they are the gates of attention.
            "g_proj": "ssm_g_a",
        ] { names[ExactName("model.layers.*.attention.\(name)")] = "blk.*.\(inGGUF)" }
        return TensorNames(names.merging(TensorNames.sharedExperts) { $1 })
            .storing(["blk.*.attn_gate.weight": ["model.layers.*.attention.g_proj.weight"]])
            .storing(LatentAttention.sources("attention"))
    }()

    let name = "bailingmoe3"
    var parts: PlainParts

    static func storedExperts(_ config: ModelConfig) -> [StoredExperts] {
        [StoredExperts(keys: ["num_experts"])]
    }

    static func spellings(_ config: ModelConfig) -> [TensorNames] {
        let count = config.first(["num_experts"])?.wholeNumber
        return [["o_proj"], ["dense"]].map { other in
            names.without(other.map { "model.layers.*.attention.\($0)" }).storingExperts(count: count)
        }
    }

    static func predictionCount(_ config: ModelConfig) -> Int { (try? config.predictionCount()) ?? 0 }

    /// Whether a block has attention.
    private static func hasAttention(_ config: ModelConfig, _ block: Int) -> Bool {
        let count = config["num_hidden_layers"]?.wholeNumber ?? 0
        guard let group = config["layer_group_size"]?.wholeNumber, group > 0 else { return true }
        return block >= count || (block + 1).isMultiple(of: group) || block >= count / group * group
    }

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        let dense = config["first_k_dense_replace"]?.wholeNumber ?? 0
        let count = config["num_hidden_layers"]?.wholeNumber ?? 0
        let queries =
            config.first(["q_lora_rank"]) == nil ? ["attn_q"] : ["attn_q_a", "attn_q_a_norm", "attn_q_b"]
        let attention =
            queries + ["attn_kv_a_mqa", "attn_kv_a_norm", "attn_k_b", "attn_v_b", "attn_gate", "attn_output"]
        let state =
            RequiredTensors.attention + [
                "ssm_conv1d_q", "ssm_conv1d_k", "ssm_conv1d_v", "ssm_f_a", "ssm_beta", "ssm_a.",
                "ssm_dt.bias",
                "ssm_g_a", "ssm_norm",
            ]
        let experts = RequiredTensors.experts + RequiredTensors.sharedExperts + ["exp_probs_b.bias"]
        let ahead = ["nextn.eh_proj", "nextn.enorm", "nextn.hnorm", "layer_output_norm"]
        return RequiredTensors(RequiredTensors.embeddings) { block in
            ["attn_norm", "ffn_norm"] + (hasAttention(config, block) ? attention : state)
                + (block < dense ? RequiredTensors.dense : experts) + (block < count ? [] : ahead)
        }
    }

    /// With the ends that other families have, and without what stands behind the part for pictures.
    static func name(of tensor: String) -> String? {
        if tensor.hasUTF8Prefix("linear_proj") { return nil }
        let name = tensor.hasUTF8Suffix(".expert_bias") ? tensor + ".bias" : tensor
        return TextTensors.name(of: StateSpace.name(of: name))
    }

    // MARK: Tensors

    mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        if name.hasUTF8Suffix(".kv_b_proj.weight") {
            return try LatentAttention.split(
                name, value, heads: config.size("num_attention_heads"), keys: config.size("qk_nope_head_dim"),
                values: config.size("v_head_dim"), Self.names, self.name)
        }
        var value = try StateSpace.channels(name, value)
        if name.hasUTF8Suffix(".A_log") {
            value.operations.append(.exponential)
            value.shape = [value.elementCount, 1]
        }
        if name.hasUTF8Suffix(".attention.g_proj.weight"), let block = TensorNames.block(of: name),
            Self.hasAttention(config, block)
        {
            return [ConvertedTensor("blk.\(block).attn_gate.weight", value)]
        }
        return try converted(name, value)
    }

    // MARK: Metadata

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        for key in ["no_kda_lora", "kda_safe_gate"] where config[key]?.isTruthy != true {
            throw .wrongValue(key, config[key] ?? .null, "true, as llama.cpp has it for this family")
        }
        let granularity = config["gated_attention_proj_granularity_type"] ?? .null
        guard granularity.isText("head_wise") else {
            throw .wrongValue("gated_attention_proj_granularity_type", granularity, "\"head_wise\"")
        }
        _ = try config.size("layer_group_size")
        var plain = config
        plain["num_key_value_heads"] = 1
        try metadata.addGenericParameters(plain, fileType: fileType)
        let ahead = try config.predictionCount()
        let count = try config.size("num_hidden_layers") + ahead
        metadata.set("block_count", try ModelMetadata.count(count))
        metadata.set(
            "attention.head_count_kv",
            .int32s((0..<min(count, 1 << 16)).map { Self.hasAttention(config, $0) ? 1 : 0 }))
        for (key, own) in [
            ("vocab_size", "vocab_size"), ("ssm.conv_kernel", "short_conv_kernel_size"),
            ("kda.head_dim", "head_dim"),
        ] { try metadata.addNeededCount(key, config, [own]) }
        metadata.set("kda.safe_gate", .bool(true))
        try metadata.addNeededFloat("kda.gate_lower_bound", config, "kda_lower_bound")
        try addLatent(to: &metadata)
        for (key, own) in [
            ("expert_feed_forward_length", "moe_intermediate_size"),
            ("expert_shared_feed_forward_length", "moe_shared_expert_intermediate_size"),
        ] { try metadata.addNeededCount(key, config, [own]) }
        metadata.set(
            "expert_shared_count",
            try ModelMetadata.count(config.integerIfPresent("num_shared_experts") ?? 1))
        try metadata.addNeededCount("leading_dense_block_count", config, ["first_k_dense_replace"])
        try metadata.addNeededFloat("expert_weights_scale", config, "routed_scaling_factor")
        try metadata.addNeededFlag("expert_weights_norm", config, "norm_topk_prob")
        for (key, own) in [
            ("swiglu_clamp_exp", "expert_swiglu_limit_list"),
            ("swiglu_clamp_shexp", "share_expert_swiglu_limit_list"),
        ] { try addLimits(key, own, count, to: &metadata) }
        if ahead > 0 { metadata.set("nextn_predict_layers", try ModelMetadata.count(ahead)) }
        if config.architecture.hasUTF8Prefix("BailingMoeV3VL") { try addSections(to: &metadata) }
    }

    private func addLatent(to metadata: inout ModelMetadata) throws(ConversionError) {
        let (rank, rotated) = (try config.size("kv_lora_rank"), try config.size("qk_rope_head_dim"))
        try metadata.addCount("attention.q_lora_rank", config, ["q_lora_rank"])
        for (key, size) in [
            ("attention.kv_lora_rank", rank), ("rope.dimension_count", rotated),
            ("attention.key_length", rank + rotated),
            ("attention.key_length_mla", try config.size("qk_nope_head_dim") + rotated),
            ("attention.value_length_mla", try config.size("v_head_dim")),
        ] { metadata.set(key, try ModelMetadata.count(size)) }
    }

    /// Adds by what gates are bounded in each block, 0 where they are not.
    private func addLimits(
        _ key: String, _ own: String, _ count: Int, to metadata: inout ModelMetadata
    ) throws(ConversionError) {
        guard let stated = config.first([own]) else { return }
        var limits: [Float] = []
        guard let list = stated.array else { throw .wrongValue(own, stated, "a list of numbers") }
        for limit in list.prefix(count) {
            guard let number = limit == .null ? 0 : limit.double else {
                throw .wrongValue(own, stated, "a list of numbers")
            }
            limits.append(Float(number))
        }
        while limits.count < min(count, 1 << 16) { limits.append(0) }
        metadata.set(key, .float32s(limits))
    }

    private func addSections(to metadata: inout ModelMetadata) throws(ConversionError) {
        let stated = config["mrope_section"] ?? .null
        let sections = (stated.array ?? []).prefix(3).compactMap { $0.integer.flatMap(Int32.init(exactly:)) }
        let sum = sections.reduce(Int64(0)) { $0 + Int64($1) }
        guard sections.count == 3, try sum * 2 == Int64(config.size("qk_rope_head_dim")) else {
            throw .wrongValue(
                "mrope_section", stated, "three numbers whose sum is half of \"qk_rope_head_dim\"")
        }
        metadata.set("rope.dimension_sections", .int32s(sections + [0]))
    }
}
