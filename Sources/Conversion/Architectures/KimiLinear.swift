import Formats
import Tensors

/// Moonshot's Kimi Linear: most layers have a state (KDA) in the place of attention, the others keys and values out of
/// a short vector (MLA).
struct KimiLinear: ModelArchitecture {
    static let classes = ["KimiLinearForCausalLM", "KimiLinearModel"]
    static let modelTypes: [String] = []

    let name = "kimi-linear"
    private let config: ModelConfig
    private let attentionLayers: Set<Int>
    private var experts: ExpertStacks

    static func spellings(_ config: ModelConfig) -> [TensorNames] {
        let keysAndValues = ["model.layers.*.self_attn.kv_b_proj.weight"]
        return names.storingMixtralExperts(config, ["num_local_experts", "num_experts"]).storing([
            "blk.*.attn_k_b.weight": keysAndValues, "blk.*.attn_v_b.weight": keysAndValues,
        ]).spellings
    }

    private static let names: TensorNames = {
        var names: [ExactName: String] = [:]
        for (name, inGGUF) in [
            "self_attn.q_conv1d": "ssm_conv1d_q", "self_attn.k_conv1d": "ssm_conv1d_k",
            "self_attn.v_conv1d": "ssm_conv1d_v", "self_attn.A_log": "ssm_a", "self_attn.dt_proj": "ssm_dt",
            "self_attn.b_proj": "ssm_beta", "self_attn.f_a_proj": "ssm_f_a", "self_attn.f_b_proj": "ssm_f_b",
            "self_attn.g_a_proj": "ssm_g_a", "self_attn.g_b_proj": "ssm_g_b", "self_attn.o_norm": "ssm_norm",
            "self_attn.q_a_proj": "attn_q_a", "self_attn.q_a_layernorm": "attn_q_a_norm",
            "self_attn.q_b_proj": "attn_q_b", "self_attn.kv_a_proj_with_mqa": "attn_kv_a_mqa",
            "self_attn.kv_a_layernorm": "attn_kv_a_norm", "self_attn.k_b_proj": "attn_k_b",
            "self_attn.v_b_proj": "attn_v_b", "block_sparse_moe.gate.e_score_correction": "exp_probs_b",
            "block_sparse_moe.shared_experts.gate_proj": "ffn_gate_shexp",
            "block_sparse_moe.shared_experts.up_proj": "ffn_up_shexp",
            "block_sparse_moe.shared_experts.down_proj": "ffn_down_shexp",
        ] { names[ExactName("model.layers.*.\(name)")] = "blk.*.\(inGGUF)" }
        return TensorNames.llama.adding(TensorNames.mixtralExperts).adding(names)
    }()

    /// The layers that have attention, from 0; the configuration counts them from 1.
    private static func attentionLayers(_ config: ModelConfig) -> Set<Int> {
        Set(
            (config["linear_attn_config"]?["full_attn_layers"]?.array ?? []).compactMap {
                $0.wholeNumber.map { $0 &- 1 }
            })
    }

    /// What a layer with a state must have.
    static let stateTensors =
        RequiredTensors.attention + [
            "ssm_conv1d_q", "ssm_conv1d_k", "ssm_conv1d_v", "ssm_f_a", "ssm_f_b", "ssm_beta", "ssm_a.",
            "ssm_dt.bias", "ssm_g_a", "ssm_g_b", "ssm_norm",
        ]

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        let dense = config.first(["first_k_dense_replace"])?.wholeNumber ?? 0
        let queries =
            config.first(["q_lora_rank", "n_lora_q"]) == nil
            ? ["attn_q"] : ["attn_q_a", "attn_q_a_norm", "attn_q_b"]
        let attention = queries + ["attn_kv_a_mqa", "attn_kv_a_norm", "attn_k_b", "attn_v_b", "attn_output"]
        let isShared = (config.first(["num_shared_experts"])?.wholeNumber ?? 0) > 0
        let experts =
            RequiredTensors.experts + ["exp_probs_b.bias"] + (isShared ? RequiredTensors.sharedExperts : [])
        let attentionLayers = attentionLayers(config)
        return RequiredTensors(RequiredTensors.embeddings) { block in
            ["attn_norm", "ffn_norm"] + (attentionLayers.contains(block) ? attention : stateTensors)
                + (block < dense ? RequiredTensors.dense : experts)
        }
    }

    static func name(of tensor: String) -> String? { TextTensors.name(of: StateSpace.name(of: tensor)) }

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        config = model.config
        attentionLayers = Self.attentionLayers(config)
        experts = ExpertStacks(
            count: try config.size("num_local_experts", "num_experts"), parts: ["w1", "w2", "w3"],
            path: "block_sparse_moe.experts")
    }

    // MARK: Tensors

    mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        if name.hasUTF8Suffix("kv_b_proj.weight") { return try keysAndValues(name, value) }
        try check(name, value.shape)
        let value = try StateSpace.channels(name, value)
        return try experts.converted(name, StateSpace.decay(name, value), Self.names, self.name)
    }

    /// Looks at the rows of queries, keys and values, which differ by the kind of layer.
    private func check(_ name: String, _ shape: [Int]) throws(ConversionError) {
        guard let block = TensorNames.block(of: name),
            ["q", "k", "v"].contains(where: { name.hasUTF8Suffix(".self_attn.\($0)_proj.weight") })
        else { return }
        let rows: Int
        if attentionLayers.contains(block) {
            let length = try config.size("qk_nope_head_dim") &+ config.size("qk_rope_head_dim", "n_rot")
            rows = try config.size("num_attention_heads") &* length
        } else {
            let inner = ModelConfig(members: config["linear_attn_config"]?.members ?? [])
            let stated = try inner.integerIfPresent("num_heads")
            let heads = if let stated { stated } else { try config.size("num_attention_heads") }
            rows = try heads &* inner.size("head_dim")
        }
        guard shape.first == rows else { throw .wrongShape(name, shape, "which has not \(rows) rows") }
    }

    /// The matrices that make keys and values of the short vector, as for one head, the keys' transposed.
    private func keysAndValues(
        _ name: String, _ value: TensorValue
    ) throws(ConversionError) -> [ConvertedTensor] {
        try LatentAttention.split(
            name, value, heads: config.size("num_key_value_heads"), keys: config.size("qk_nope_head_dim"),
            values: config.size("n_embd_head_v_mla", "v_head_dim"), Self.names, self.name)
    }

    func finish() throws(ConversionError) { try experts.finish() }

    // MARK: Metadata

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        var config = config
        config["num_key_value_heads"] = 1
        try metadata.addGenericParameters(config, fileType: fileType)
        try metadata.addNeededCount("vocab_size", config, ["vocab_size"])
        let linear = config["linear_attn_config"] ?? .null
        guard linear["full_attn_layers"]?.array != nil else {
            throw ModelConfig.missing(["linear_attn_config.full_attn_layers"])
        }
        let blocks = min(try config.size("num_hidden_layers"), 1 << 16)
        metadata.set(
            "attention.head_count_kv",
            .int32s((0..<blocks).map { attentionLayers.contains($0) ? 1 : 0 }))
        let inner = ModelConfig(members: linear.members ?? [])
        try metadata.addCount("ssm.conv_kernel", inner, ["short_conv_kernel_size"])
        try metadata.addCount("kda.head_dim", inner, ["head_dim"])
        try metadata.addCount("attention.q_lora_rank", config, ["q_lora_rank", "n_lora_q"])
        let rank = try config.size("kv_lora_rank", "n_lora_kv")
        let rotated = try config.size("qk_rope_head_dim", "n_rot")
        metadata.set("attention.kv_lora_rank", try ModelMetadata.count(rank))
        metadata.set("rope.dimension_count", try ModelMetadata.count(rotated))
        metadata.set("attention.key_length", try ModelMetadata.count(rank + rotated))
        if config.first(["n_embd_head_k_mla"]) != nil {
            try metadata.addCount("attention.key_length_mla", config, ["n_embd_head_k_mla"])
        } else if let plain = try config.integerIfPresent("qk_nope_head_dim") {
            metadata.set("attention.key_length_mla", try ModelMetadata.count(plain &+ rotated))
        }
        try metadata.addCount("attention.value_length_mla", config, ["n_embd_head_v_mla", "v_head_dim"])
        for (key, own) in [
            ("expert_feed_forward_length", "moe_intermediate_size"),
            ("expert_shared_count", "num_shared_experts"),
            ("leading_dense_block_count", "first_k_dense_replace"),
        ] { try metadata.addNeededCount(key, config, [own]) }
        try metadata.addNeededFloat("expert_weights_scale", config, "routed_scaling_factor")
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        if vocabulary.isTiktokenAlone { return try vocabulary.addKimi(to: &metadata, endsAsStated: true) }
        try vocabulary.addBPE(to: &metadata)
    }
}
