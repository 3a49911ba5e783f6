import Formats

/// Baidu's ERNIE 4.5 with experts.
struct ErnieMoe: ModelArchitecture {
    static let classes = ["Ernie4_5_MoeForCausalLM"]
    static let modelTypes = ["ernie4_5_moe"]

    let name = "ernie4_5-moe"
    private let model: HuggingFaceModel
    private var experts: ExpertStacks
    package static func spellings(_ config: ModelConfig) -> [TensorNames] {
        names.storingExperts(count: config.first(["moe_num_experts"])?.wholeNumber).spellings
    }

    private static let names = TensorNames.llama.adding([
        "model.layers.*.mlp.moe_statics.e_score_correction": "blk.*.exp_probs_b",
        "model.layers.*.mlp.gate.e_score_correction": "blk.*.exp_probs_b",
        "model.layers.*.mlp.shared_experts.gate_proj": "blk.*.ffn_gate_shexp",
        "model.layers.*.mlp.shared_experts.up_proj": "blk.*.ffn_up_shexp",
        "model.layers.*.mlp.shared_experts.down_proj": "blk.*.ffn_down_shexp",
    ])

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        self.model = model
        experts = ExpertStacks(
            count: try model.config.size("moe_num_experts"), parts: ["gate_proj", "up_proj", "down_proj"],
            path: "mlp.experts")
    }

    static func name(of tensor: String) -> String? {
        let ahead = ["mtp_block", "mtp_emb_norm", "mtp_hidden_norm", "mtp_linear_proj"]
        // What predicts more than one token ahead is not written.
        if ahead.contains(where: { tensor.hasUTF8Prefix("model.\($0).") }) { return nil }
        return Ernie.name(of: tensor)
    }

    mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        var converted: [ConvertedTensor] = []
        for stack in try experts.add(name, value) ?? [(name, value)] {
            converted.append(try Self.names.renamed(stack.name, stack.value, self.name))
        }
        return converted
    }

    func finish() throws(ConversionError) { try experts.finish() }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        let config = model.config
        try metadata.addGenericParameters(config, fileType: fileType)
        try metadata.addNeededCount("expert_count", config, ["moe_num_experts"])
        try metadata.addNeededCount("expert_used_count", config, ["moe_k"])
        try metadata.addNeededCount("interleave_moe_layer_step", config, ["moe_layer_interval"])
        try metadata.addNeededCount("leading_dense_block_count", config, ["moe_layer_start_index"])
        try metadata.addCount("expert_feed_forward_length", config, ["moe_intermediate_size"])
        try metadata.addCount("expert_shared_count", config, ["moe_num_shared_experts"])
        if let shared = try config.integerIfPresent("moe_num_shared_experts"), shared > 0,
            let inner = try config.integerIfPresent("intermediate_size"),
            let heads = try config.integerIfPresent("num_key_value_heads")
        {
            // The converter divides by the heads of keys, which is not the experts' number.
            guard heads > 0 else { throw ModelConfig.missing(["num_key_value_heads"]) }
            metadata.set("expert_shared_feed_forward_length", try ModelMetadata.count(inner / heads))
        }
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try Ernie.addVocabulary(to: &metadata, vocabulary, model)
    }

    static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        guard config.takesRopeScaling(isTypeCopied: true) else { return }
        config.rename("num_experts", to: "moe_num_experts")
        config.rename("num_experts_per_tok", to: "moe_k")
        config.setDefaults([
            "vocab_size": 103424, "hidden_size": 2560, "intermediate_size": 12288, "num_hidden_layers": 28,
            "num_attention_heads": 20, "num_key_value_heads": 4, "max_position_embeddings": 131072,
            "rms_norm_eps": .number(1e-5), "rope_theta": 500_000, "moe_intermediate_size": 1536, "moe_k": 6,
            "moe_num_experts": 64, "moe_num_shared_experts": 2, "moe_layer_start_index": 1,
            "moe_layer_interval": 1, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2,
        ])
    }
}
