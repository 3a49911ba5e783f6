import Formats
import Tensors

/// DeepSeek V2, V3 and R1, whose keys and values come out of a short vector for all heads (MLA), and what is built like
/// them: GLM 4.7 Flash, Kimi's and Youtu's models, and DeepSeek V3.2 and GLM 5, which look at what an index finds (DSA).
struct DeepSeek2: ModelArchitecture {
    static let classes = [
        "DeepseekV2ForCausalLM", "DeepseekV3ForCausalLM", "Glm4MoeLiteForCausalLM",
        "KimiVLForConditionalGeneration", "KimiK25ForConditionalGeneration", "YoutuForCausalLM",
        "YoutuVLForConditionalGeneration", "DeepseekV32ForCausalLM", "GlmMoeDsaForCausalLM",
    ]
    static let modelTypes = ["deepseek_v2", "deepseek_v3"]

    let name: String
    private let config: ModelConfig
    private let blockCount: Int
    /// How many blocks are written behind the last that predict more than one token ahead: of GLM and V3.2 alone.
    private let predictionCount: Int
    private let isGLM: Bool
    private var experts: ExpertStacks?
    package static func spellings(_ config: ModelConfig) -> [TensorNames] {
        names.storingExperts(count: config.first(["n_routed_experts"])?.wholeNumber)
            .storing(LatentAttention.sources("self_attn")).spellings
    }

    /// The names of its tensors, with those of the index and of what predicts further tokens.
    static let names = TensorNames.llama.without([
        "model.layers.*.self_attn.k_proj", "model.layers.*.self_attn.v_proj",
    ]).adding([
        "model.layers.*.self_attn.q_a_proj": "blk.*.attn_q_a",
        "model.layers.*.self_attn.q_a_layernorm": "blk.*.attn_q_a_norm",
        "model.layers.*.self_attn.q_b_proj": "blk.*.attn_q_b",
        "model.layers.*.self_attn.kv_a_proj_with_mqa": "blk.*.attn_kv_a_mqa",
        "model.layers.*.self_attn.kv_a_layernorm": "blk.*.attn_kv_a_norm",
        "model.layers.*.self_attn.k_b_proj": "blk.*.attn_k_b",
        "model.layers.*.self_attn.v_b_proj": "blk.*.attn_v_b",
        "model.layers.*.mlp.gate.e_score_correction": "blk.*.exp_probs_b",
        "model.layers.*.self_attn.indexer.wq_b": "blk.*.indexer.attn_q_b",
        "model.layers.*.self_attn.indexer.wk": "blk.*.indexer.attn_k",
        "model.layers.*.self_attn.indexer.k_norm": "blk.*.indexer.k_norm",
        "model.layers.*.self_attn.indexer.weights_proj": "blk.*.indexer.proj",
    ]).adding(TensorNames.sharedExperts).adding(TensorNames.prediction)

    static func predictionCount(_ config: ModelConfig) -> Int {
        isPredicting(config) ? (try? config.predictionCount()) ?? 0 : 0
    }

    private static func isPredicting(_ config: ModelConfig) -> Bool {
        config.architecture.hasUTF8Prefix("Glm") || isIndexed(config)
    }

    /// Whether attention looks at what an index finds.
    static func isIndexed(_ config: ModelConfig) -> Bool {
        ["DeepseekV32ForCausalLM", "GlmMoeDsaForCausalLM"].containsExactly(config.architecture)
    }

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        config = model.config
        blockCount = try config.size("num_hidden_layers")
        isGLM = config.architecture.hasUTF8Prefix("Glm")
        predictionCount = Self.isPredicting(config) ? try config.predictionCount() : 0
        name = !Self.isIndexed(config) ? "deepseek2" : isGLM ? "glm-dsa" : "deepseek32"
        if config.first(["n_routed_experts"]) != nil {
            experts = ExpertStacks(
                count: try config.size("n_routed_experts"), parts: ["down_proj", "gate_proj", "up_proj"],
                path: "mlp.experts")
        }
    }

    // MARK: Tensors

    mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        if config.leavesOut(head: name) { return [] }
        // Of DeepSeek the blocks behind the last, which predict more than one token ahead, are not written.
        let isBlock = name.hasUTF8Prefix("model.layers.")
        if predictionCount == 0, isBlock, let block = TensorNames.block(of: name), block >= blockCount {
            return []
        }
        if name.hasUTF8Suffix("kv_b_proj.weight") { return try keysAndValues(name, value) }
        var converted: [ConvertedTensor] = []
        for stack in try experts?.add(name, value) ?? [(name, value)] {
            converted.append(try Self.names.renamed(stack.name, stack.value, self.name))
        }
        return converted
    }

    /// The matrices that make keys and values of the short vector, each head's apart, the keys' transposed, so that
    /// they can be multiplied with the queries instead.
    private func keysAndValues(
        _ name: String, _ value: TensorValue
    ) throws(ConversionError) -> [ConvertedTensor] {
        try LatentAttention.split(
            name, value, heads: config.size("num_key_value_heads"), keys: config.size("qk_nope_head_dim"),
            values: config.size("v_head_dim"), Self.names, self.name)
    }

    func finish() throws(ConversionError) { try experts?.finish() }

    // MARK: Metadata

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try Self.addShared(
            to: &metadata, config, blockCount: blockCount + predictionCount, isDense: experts == nil,
            fileType: fileType)
        if Self.isIndexed(config) { return try addIndex(to: &metadata) }
        if predictionCount > 0 {
            metadata.set("nextn_predict_layers", try ModelMetadata.count(predictionCount))
        }
    }

    /// Adds the keys that all have whose keys and values come out of a short vector, as those built like DeepSeek.
    /// - Parameters:
    ///   - blockCount: how many blocks are written.
    ///   - isDense: whether no block has experts.
    static func addShared(
        to metadata: inout ModelMetadata, _ own: ModelConfig, blockCount: Int, isDense: Bool, fileType: UInt32
    ) throws(ConversionError) {
        var config = own
        // All heads share the short vector, which is what llama.cpp takes for keys and values.
        config["num_key_value_heads"] = 1
        config.setDefault("rms_norm_eps", .number(1e-6))
        try metadata.addGenericParameters(config, fileType: fileType)
        metadata.set("block_count", try ModelMetadata.count(blockCount))
        let usual = isDense ? try config.size("num_hidden_layers") : 0
        let denseCount = try config.integerIfPresent("first_k_dense_replace") ?? usual
        metadata.set("leading_dense_block_count", try ModelMetadata.count(denseCount))
        try metadata.addNeededCount("vocab_size", config, ["vocab_size"])
        try metadata.addCount("attention.q_lora_rank", config, ["q_lora_rank"])
        let rank = config["kv_lora_rank"] == nil ? 512 : try config.size("kv_lora_rank")
        let rotated = try config.size("qk_rope_head_dim")
        let sizes = [
            ("attention.kv_lora_rank", rank), ("attention.key_length", rank + rotated),
            ("attention.value_length", rank),
            ("attention.key_length_mla", try config.size("qk_nope_head_dim") + rotated),
            ("attention.value_length_mla", try config.size("v_head_dim")),
        ]
        for (key, size) in sizes { metadata.set(key, try ModelMetadata.count(size)) }
        try metadata.addNeededCount(
            "expert_feed_forward_length", config, ["moe_intermediate_size", "intermediate_size"])
        try metadata.addCount("expert_count", config, ["n_routed_experts"])
        config.setDefault("n_shared_experts", 0)
        try metadata.addNeededCount("expert_shared_count", config, ["n_shared_experts"])
        try metadata.addFloat("expert_weights_scale", config, ["routed_scaling_factor"])
        if config.boolIfPresent("norm_topk_prob") == true { metadata.set("expert_weights_norm", .bool(true)) }
        metadata.set("rope.dimension_count", try ModelMetadata.count(rotated))
        if let scale = RopeParameters(config).shared("mscale_all_dim")?.double {
            metadata.set("rope.scaling.yarn_log_multiplier", .float32(Float(0.1 * scale)))
        }
    }

    /// Adds what finds what attention looks at.
    private func addIndex(to metadata: inout ModelMetadata) throws(ConversionError) {
        if isGLM {
            let share = RopeParameters(config).shared("partial_rotary_factor")?.double ?? 1
            metadata.set(
                "rope.dimension_count",
                try ModelMetadata.share(share, of: config.size("qk_rope_head_dim"), heads: 1))
        }
        try metadata.addCount("nextn_predict_layers", config, ["num_nextn_predict_layers"])
        for (key, own) in [
            ("head_count", "index_n_heads"), ("key_length", "index_head_dim"), ("top_k", "index_topk"),
        ] {
            try metadata.addNeededCount("attention.indexer.\(key)", config, [own])
        }
        guard isGLM, let kinds = config.first(["indexer_types"])?.array else { return }
        metadata.set("attention.indexer.types", .bools(kinds.map { $0.isText("full") }))
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        if isGLM {
            try vocabulary.addGLM(to: &metadata)
        } else if vocabulary.isTiktokenAlone, !Self.isIndexed(config) {
            try vocabulary.addKimi(to: &metadata)
        } else {
            try vocabulary.addBPE(to: &metadata)
        }
    }

    // MARK: Defaults

    static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        guard config.takesRopeScaling(isTypeCopied: true) else { return }
        config.setDefaults([
            "kv_lora_rank": 512, "q_lora_rank": 1536, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64,
            "v_head_dim": 128, "rms_norm_eps": .number(1e-6), "rope_theta": 10000,
            "tie_word_embeddings": false,
        ])
        if modelType == "deepseek_v2" {
            config.setDefaults([
                "vocab_size": 32000, "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32,
                "num_attention_heads": 32, "max_position_embeddings": 2048, "first_k_dense_replace": 0,
                "n_routed_experts": 64, "n_shared_experts": 2, "routed_scaling_factor": 1,
                "norm_topk_prob": false, "moe_intermediate_size": 1407, "bos_token_id": 1, "eos_token_id": 2,
            ])
        } else {
            config.setDefaults([
                "vocab_size": 129280, "hidden_size": 7168, "intermediate_size": 18432,
                "moe_intermediate_size": 2048, "num_hidden_layers": 61, "num_attention_heads": 128,
                "num_key_value_heads": 128, "max_position_embeddings": 4096, "first_k_dense_replace": 3,
                "n_routed_experts": 256, "n_shared_experts": 1, "routed_scaling_factor": .number(2.5),
                "norm_topk_prob": true, "n_group": 8, "topk_group": 4, "num_experts_per_tok": 8,
                "bos_token_id": 0, "eos_token_id": 1,
            ])
        }
        config.setDefault("num_key_value_heads", from: "num_attention_heads")
        config["head_dim"] = config["qk_rope_head_dim"]
    }
}
