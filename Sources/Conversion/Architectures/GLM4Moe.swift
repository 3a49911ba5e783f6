import Formats
import Tensors

/// GLM 4.5 and 4.6, of models with pictures the part for text, and Upstage's Solar Open, which is built like them.
struct GLM4Moe: ModelArchitecture {
    static let classes = ["Glm4MoeForCausalLM", "Glm4vMoeForConditionalGeneration", "SolarOpenForCausalLM"]
    static let modelTypes = ["glm4_moe", "glm4v_moe", "glm4v_moe_text"]

    let name = "glm4moe"
    private let config: ModelConfig
    private var experts: ExpertStacks
    /// How many blocks behind the last predict more than one token ahead.
    private let predictionCount: Int

    static func spellings(_ config: ModelConfig) -> [TensorNames] {
        names.storingExperts(count: config.first(["n_routed_experts"])?.wholeNumber).spellings
    }

    private static let names = TensorNames.llama.adding(TensorNames.headNorms)
        .adding(TensorNames.sharedExperts).adding(TensorNames.prediction).adding([
            "model.layers.*.post_attention_layernorm": "blk.*.post_attention_norm",
            "layers.*.post_attention_layernorm": "blk.*.post_attention_norm",
            "model.layers.*.mlp.gate.e_score_correction": "blk.*.exp_probs_b",
        ])

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        let dense = config.first(["first_k_dense_replace"])?.wholeNumber ?? 0
        let isShared = (config.first(["n_shared_experts"])?.wholeNumber ?? 0) > 0
        let hasNorms = config["use_qk_norm"]?.isTruthy == true
        let attention =
            ["attn_norm", "post_attention_norm"] + RequiredTensors.attention
            + (hasNorms ? ["attn_q_norm", "attn_k_norm"] : [])
        let experts =
            RequiredTensors.experts + ["exp_probs_b.bias"] + (isShared ? RequiredTensors.sharedExperts : [])
        let last = (try? config.blockCount()) ?? Int.max
        return RequiredTensors(RequiredTensors.embeddings) { block in
            attention + (block < dense ? RequiredTensors.dense : experts)
                + (block < last ? [] : RequiredTensors.prediction)
        }
    }

    static func predictionCount(_ config: ModelConfig) -> Int { (try? config.predictionCount()) ?? 0 }
    static let isWholeWithoutPredictions = true

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        config = model.config
        experts = ExpertStacks(
            count: try config.size("n_routed_experts"), parts: ["down_proj", "gate_proj", "up_proj"],
            path: "mlp.experts")
        predictionCount = try config.predictionCount()
    }

    mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        try experts.converted(name, value, Self.names, self.name)
    }

    func finish() throws(ConversionError) { try experts.finish() }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(config, fileType: fileType)
        metadata.set("block_count", try ModelMetadata.count(config.blockCount() + predictionCount))
        let share = RopeParameters(config).number("partial_rotary_factor") ?? 0.5
        metadata.set(
            "rope.dimension_count", try ModelMetadata.share(share, of: config.headLength(), heads: 1))
        for (key, name) in [
            ("expert_count", "n_routed_experts"), ("expert_feed_forward_length", "moe_intermediate_size"),
            ("expert_shared_count", "n_shared_experts"),
            ("leading_dense_block_count", "first_k_dense_replace"),
        ] {
            try metadata.addCount(key, config, [name])
        }
        metadata.set("expert_gating_func", .uint32(2))
        try metadata.addFloat("expert_weights_scale", config, ["routed_scaling_factor"])
        if let isScaled = config.first(["norm_topk_prob"]) {
            metadata.set("expert_weights_norm", .bool(isScaled.isTruthy))
        }
        try metadata.addCount("nextn_predict_layers", config, ["num_nextn_predict_layers"])
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        guard config.architecture.hasUTF8Prefix("SolarOpen") else {
            return try vocabulary.addGLM(to: &metadata)
        }
        let end = "<|endoftext|>"
        try vocabulary.addBPE(
            to: &metadata,
            special: [("eos", end), ("eot", end), ("unk", "<unk>"), ("bos", "<|startoftext|>")])
    }

    static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        if modelType == "glm4v_moe" { return config.setTextKind("glm4v_moe_text") }
        guard config.takesRopeScaling(isTypeCopied: true) else { return }
        let isText = modelType == "glm4v_moe_text"
        config.setDefaults([
            "vocab_size": isText ? 151_424 : 151_552, "hidden_size": 4096, "intermediate_size": 10944,
            "num_hidden_layers": 46, "num_attention_heads": 96, "num_key_value_heads": 8,
            "partial_rotary_factor": .number(0.5), "max_position_embeddings": isText ? 65536 : 131_072,
            "rms_norm_eps": .number(1e-5), "rope_theta": 10000, "moe_intermediate_size": 1408,
            "num_experts_per_tok": 8, "n_group": 1, "topk_group": 1, "n_shared_experts": 1,
            "n_routed_experts": 128, "routed_scaling_factor": 1, "first_k_dense_replace": 1,
            "norm_topk_prob": true,
        ])
    }
}

extension ModelConfig {
    /// The number of blocks behind the last that predict more than one token ahead.
    func predictionCount() throws(ConversionError) -> Int {
        let count = try integerIfPresent("num_nextn_predict_layers") ?? 0
        guard (0...1024).contains(count) else {
            throw ConversionError(
                .configValueWrong, "config.json: \"num_nextn_predict_layers\" is \(count)",
                fix: "check that it is the config.json of this model")
        }
        return count
    }
}

extension Vocabulary {
    /// Adds GLM's BPE, with the tokens that begin and end what it says.
    func addGLM(to metadata: inout ModelMetadata) throws(ConversionError) {
        try addBPE(
            to: &metadata,
            special: [
                ("bos", "[gMASK]"), ("eot", "<|user|>"), ("unk", "<|endoftext|>"),
                ("eom", "<|observation|>"),
            ])
    }
}
