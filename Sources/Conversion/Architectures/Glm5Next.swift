import Formats
import Tensors

/// GLM 5.3: most layers have a state (KDA) in the place of attention, the others latent attention that looks at what an
/// index of compressed keys finds; several streams of residuals.
struct Glm5Next: PlainFamily {
    static let classes = ["Glm5NextForConditionalGeneration"]
    static let names: TensorNames = {
        var names: [ExactName: String] = [:]
        for (name, inGGUF) in [
            "q_conv1d": "ssm_conv1d_q", "k_conv1d": "ssm_conv1d_k", "v_conv1d": "ssm_conv1d_v",
            "A_log": "ssm_a",
            "dt_proj": "ssm_dt", "b_proj": "ssm_beta", "f_a_proj": "ssm_f_a", "f_b_proj": "ssm_f_b",
            "g_a_proj": "ssm_g_a", "g_b_proj": "ssm_g_b", "o_norm": "ssm_norm", "k_proj": "attn_k",
            "v_proj": "attn_v",
            "indexer.index_kpool_compress_gate": "indexer_compressor_gate.weight",
            "indexer.index_kpool_compress_ape": "indexer_compressor_ape.weight",
        ] { names[ExactName("model.layers.*.self_attn.\(name)")] = "blk.*.\(inGGUF)" }
        for part in ["attn", "ffn"] {
            for end in ["fn", "base", "scale"] {
                names[ExactName("model.layers.*.hc_\(part)_\(end)")] = "blk.*.hc_\(part)_\(end).weight"
            }
        }
        return DeepSeek2.names.adding(names).storing(LatentAttention.sources("self_attn"))
    }()

    let name = "glm5-next"
    var parts: PlainParts

    static func storedExperts(_ config: ModelConfig) -> [StoredExperts] {
        [StoredExperts(keys: ["n_routed_experts"])]
    }

    static func predictionCount(_ config: ModelConfig) -> Int { (try? config.predictionCount()) ?? 0 }

    static func name(of tensor: String) -> String? { TextTensors.name(of: StateSpace.name(of: tensor)) }

    private static func hasState(_ config: ModelConfig, _ block: Int) -> Bool {
        let kinds = config["layer_types"]?.array ?? []
        return kinds.indices.contains(block) && kinds[block].isText("linear_attention")
    }

    private static func hasIndex(_ config: ModelConfig, _ block: Int) -> Bool {
        let kinds = config["indexer_types"]?.array ?? []
        return !kinds.indices.contains(block) || kinds[block].isText("full")
    }

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        let dense = config.first(["first_k_dense_replace"])?.wholeNumber ?? 0
        let count = config["num_hidden_layers"]?.wholeNumber ?? 0
        let attention = [
            "attn_q_a", "attn_q_a_norm", "attn_q_b", "attn_kv_a_mqa", "attn_kv_a_norm", "attn_k_b",
            "attn_v_b",
            "attn_output",
        ]
        let index = [
            "indexer.attn_q_b", "indexer.attn_k", "indexer.k_norm+", "indexer.proj",
            "indexer_compressor_gate",
            "indexer_compressor_ape",
        ]
        let streams = ["attn", "ffn"].flatMap { part in ["fn", "base", "scale"].map { "hc_\(part)_\($0)" } }
        let experts = RequiredTensors.experts + RequiredTensors.sharedExperts + ["exp_probs_b.bias"]
        let ahead = ["nextn.eh_proj", "nextn.enorm", "nextn.hnorm", "nextn.shared_head_norm"]
        return RequiredTensors(["token_embd", "output_norm", "output"]) { block in
            ["attn_norm", "ffn_norm"] + (block < count ? streams : ahead)
                + (hasState(config, block)
                    ? KimiLinear.stateTensors : attention + (hasIndex(config, block) ? index : []))
                + (block < dense ? RequiredTensors.dense : experts)
        }
    }

    // MARK: Tensors

    mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        if name == "lm_head.weight", config.isTied { return [] }
        let heads = try config.size("num_attention_heads")
        if name.hasUTF8Suffix(".kv_b_proj.weight") {
            return try LatentAttention.split(
                name, value, heads: heads, keys: config.size("qk_nope_head_dim"),
                values: config.size("v_head_dim"),
                Self.names, self.name)
        }
        guard name.hasUTF8Suffix(".A_log") else {
            return try converted(name, StateSpace.channels(name, value))
        }
        // There may be more of them than heads.
        guard var view = value.view, view.count >= heads else {
            throw .wrongShape(name, value.shape, "which has not \(heads) elements")
        }
        view = TensorView(tensor: view.tensor, offset: view.offset, shape: [heads], strides: [1])
        return try converted(name, TensorValue(view).negatedExponential)
    }

    func type(of name: String, shape: [Int], wanted: OutputType) -> GGMLType? {
        let exact = ["hc_attn_", "hc_ffn_", "indexer_compressor_"]
        return name.hasUTF8Prefix("blk.") && exact.contains { name.containsUTF8($0) } ? .f32 : nil
    }

    // MARK: Metadata

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        for key in ["mla_use_nope", "mhc"] where config[key]?.isTruthy != true {
            guard key == "mhc", config[key] == nil else {
                throw .wrongValue(key, config[key] ?? .null, "true, as llama.cpp has it for this family")
            }
        }
        guard config["qk_rope_head_dim"]?.wholeNumber == 0 else {
            throw .wrongValue("qk_rope_head_dim", config["qk_rope_head_dim"] ?? .null, "0")
        }
        var plain = config
        plain["head_dim"] = nil
        try metadata.addGenericParameters(plain, fileType: fileType)
        let count = try config.size("num_hidden_layers")
        let ahead = try config.predictionCount()
        metadata.set("block_count", try ModelMetadata.count(count + ahead))
        let kinds = config["layer_types"]?.array ?? []
        guard kinds.count == count else {
            throw .wrongValue("layer_types", config["layer_types"] ?? .null, "a kind for each block")
        }
        metadata.set(
            "attention.head_count_kv",
            .int32s((0..<min(count + ahead, 1 << 16)).map { Self.hasState(config, $0) ? 0 : 1 }))
        try metadata.addNeededCount("vocab_size", config, ["vocab_size"])
        metadata.set("attention.layer_norm_epsilon", .float32(1e-6))
        if ahead > 0 { metadata.set("nextn_predict_layers", try ModelMetadata.count(ahead)) }
        try addLatent(to: &metadata)
        try addIndex(to: &metadata)
        try metadata.addNeededCount("hyper_connection.count", config, ["hc_mult"])
        try metadata.addNeededCount("hyper_connection.sinkhorn_iterations", config, ["hc_sinkhorn_iters"])
        try metadata.addNeededFloat("hyper_connection.epsilon", config, "hc_eps")
        for (key, own) in [
            ("leading_dense_block_count", "first_k_dense_replace"),
            ("expert_feed_forward_length", "moe_intermediate_size"),
            ("expert_shared_count", "n_shared_experts"),
        ] { try metadata.addNeededCount(key, config, [own]) }
        try metadata.addNeededFloat("expert_weights_scale", config, "routed_scaling_factor")
        try metadata.addNeededFlag("expert_weights_norm", config, "norm_topk_prob")
        guard let limit = try config.numberIfPresent("swiglu_limit") else { return }
        metadata.addGateLimit(limit, blockCount: count + ahead)
    }

    private func addLatent(to metadata: inout ModelMetadata) throws(ConversionError) {
        let linear = ModelConfig(members: config["linear_attn_config"]?.members ?? [])
        guard try linear.size("num_heads") == config.size("num_attention_heads") else {
            throw .wrongValue(
                "linear_attn_config.num_heads", linear["num_heads"] ?? .null, "\"num_attention_heads\"")
        }
        try metadata.addNeededCount("ssm.conv_kernel", linear, ["short_conv_kernel_size"])
        try metadata.addNeededCount("kda.head_dim", linear, ["head_dim"])
        if linear.first(["gate_lower_bound"]) != nil {
            try metadata.addNeededFloat("kda.gate_lower_bound", linear, "gate_lower_bound")
        }
        let rank = try config.size("kv_lora_rank")
        for (key, size) in [
            ("attention.q_lora_rank", try config.size("q_lora_rank")), ("attention.kv_lora_rank", rank),
            ("rope.dimension_count", 0), ("attention.key_length", rank), ("attention.value_length", rank),
            ("attention.key_length_mla", try config.size("qk_nope_head_dim")),
            ("attention.value_length_mla", try config.size("v_head_dim")),
        ] { metadata.set(key, try ModelMetadata.count(size)) }
    }

    private func addIndex(to metadata: inout ModelMetadata) throws(ConversionError) {
        for (key, own) in [
            ("head_count", "index_n_heads"), ("key_length", "index_head_dim"), ("top_k", "index_topk"),
            ("kpool", "index_kpool"),
        ] { try metadata.addNeededCount("attention.indexer.\(key)", config, [own]) }
        let tail = config["index_kpool_always_select_tail"]
        metadata.set("attention.indexer.kpool_select_tail", .bool(tail?.isTruthy ?? true))
        guard let types = config.first(["indexer_types"])?.array else { return }
        metadata.set("attention.indexer.types", .bools(types.map { $0.isText("full") }))
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try vocabulary.addGLM(to: &metadata)
    }
}
