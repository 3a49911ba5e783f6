import Formats
import Tensors

/// Liquid AI's LFM2 with experts.
struct Lfm2Moe: ModelArchitecture {
    static let classes = ["Lfm2MoeForCausalLM"]
    static let modelTypes: [String] = []

    let name = "lfm2moe"
    private let config: ModelConfig
    private var experts: ExpertStacks

    static func spellings(_ config: ModelConfig) -> [TensorNames] {
        names.storingExperts(
            "model.layers.*.feed_forward.experts",
            count: config.first(["num_local_experts", "num_experts"])?.wholeNumber,
            [(".w1", "ffn_gate_exps"), (".w2", "ffn_down_exps"), (".w3", "ffn_up_exps")]
        ).spellings
    }

    private static let names = Lfm2.names.without(["lm_head"]).adding([
        "model.layers.*.feed_forward.gate": "blk.*.ffn_gate_inp",
        "model.layers.*.feed_forward.expert_bias": "blk.*.exp_probs_b",
        "model.layers.*.feed_forward.experts.w1": "blk.*.ffn_gate_exps",
        "model.layers.*.feed_forward.experts.w2": "blk.*.ffn_down_exps",
        "model.layers.*.feed_forward.experts.w3": "blk.*.ffn_up_exps",
    ])

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        let dense = config.first(["num_dense_layers"])?.wholeNumber ?? 0
        let bias = config["use_expert_bias"]?.isTruthy == true ? ["exp_probs_b.bias"] : []
        return RequiredTensors(["token_embd", "token_embd_norm"]) { block in
            Lfm2.operators(config, block)
                + (block < dense ? RequiredTensors.dense : RequiredTensors.experts + bias)
        }
    }

    static func name(of tensor: String) -> String? {
        TextTensors.name(of: tensor.hasUTF8Suffix(".expert_bias") ? tensor + ".bias" : tensor)
    }

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        config = model.config
        experts = ExpertStacks(
            count: try config.size("num_local_experts", "num_experts"), parts: ["w1", "w2", "w3"],
            path: "feed_forward.experts")
    }

    mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        try experts.converted(name, try Lfm2.squeezed(name, value), Self.names, self.name)
    }

    func finish() throws(ConversionError) { try experts.finish() }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        let config = try Lfm2.perLayer(config) { $0 == "full_attention" }
        try metadata.addGenericParameters(config, fileType: fileType)
        try metadata.addNeededCount("expert_feed_forward_length", config, ["moe_intermediate_size"])
        try metadata.addNeededCount("leading_dense_block_count", config, ["num_dense_layers"])
        metadata.set("expert_gating_func", .uint32(2))
        try metadata.addNeededCount("vocab_size", config, ["vocab_size"])
        try metadata.addNeededCount("shortconv.l_cache", config, ["conv_L_cache"])
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try vocabulary.addBPE(to: &metadata)
    }
}
