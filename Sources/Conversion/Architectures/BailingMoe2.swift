import Formats
import Tensors

/// InclusionAI's Ling 2 and Ring 2, and Sarvam's models, which rotate whole heads and count the bias of experts from its
/// mean.
struct BailingMoe2: ModelArchitecture {
    static let classes = [
        "BailingMoeV2ForCausalLM", "SarvamMoEForCausalLM", "modeling_sarvam_moe.SarvamMoEForCausalLM",
    ]
    static let modelTypes: [String] = []

    let name = "bailingmoe2"
    private let model: HuggingFaceModel
    private var config: ModelConfig { model.config }
    private var experts: ExpertStacks
    private let predictionCount: Int

    static func spellings(_ config: ModelConfig) -> [TensorNames] {
        names.storingExperts(count: config.first(["num_local_experts", "num_experts"])?.wholeNumber).spellings
    }

    private static let names = TensorNames.llama.without(
        ["q_proj", "k_proj", "v_proj", "o_proj"].flatMap {
            ["model.layers.*.self_attn.\($0)", "layers.*.self_attn.\($0)"]
        } + ["embed_tokens", "model.embed_tokens"]
    ).adding(TensorNames.sharedExperts).adding(TensorNames.prediction).adding([
        "model.word_embeddings": "token_embd",
        "model.layers.*.attention.query_key_value": "blk.*.attn_qkv",
        "model.layers.*.attention.dense": "blk.*.attn_output",
        "model.layers.*.attention.query_layernorm": "blk.*.attn_q_norm",
        "model.layers.*.attention.key_layernorm": "blk.*.attn_k_norm",
        "model.layers.*.mlp.gate.expert_bias": "blk.*.exp_probs_b",
        "model.layers.*.final_layernorm": "blk.*.layer_output_norm",
    ])

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        let dense = config.first(["first_k_dense_replace"])?.wholeNumber ?? 0
        let isShared = (config.first(["num_shared_experts"])?.wholeNumber ?? 0) > 0
        let attention = [
            "attn_norm", "attn_qkv", "attn_q_norm", "attn_k_norm", "attn_output", "ffn_norm",
        ]
        let isChosen = config["moe_router_enable_expert_bias"]?.isTruthy == true
        let experts =
            RequiredTensors.experts + (isShared ? RequiredTensors.sharedExperts : [])
            + (isChosen ? ["exp_probs_b.bias"] : [])
        let last = (try? config.blockCount()) ?? Int.max
        return RequiredTensors(RequiredTensors.embeddings) { block in
            attention + (block < dense ? RequiredTensors.dense : experts)
                + (block < last
                    ? [] : ["nextn.eh_proj", "nextn.enorm", "nextn.hnorm", "layer_output_norm"])
        }
    }

    static func predictionCount(_ config: ModelConfig) -> Int { (try? config.predictionCount()) ?? 0 }

    static func name(of tensor: String) -> String? {
        TextTensors.name(of: tensor.hasUTF8Suffix(".expert_bias") ? tensor + ".bias" : tensor)
    }

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        self.model = model
        let config = model.config
        experts = ExpertStacks(
            count: try config.size("num_local_experts", "num_experts"),
            parts: ["down_proj", "gate_proj", "up_proj"], path: "mlp.experts")
        predictionCount = try config.predictionCount()
    }

    mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        var value = value
        if isSarvam, let stored = name.dropping(".bias"), stored.hasUTF8Suffix(".expert_bias"),
            let bias = try StoredNumbers.fromMean(stored, of: model)
        {
            value = TensorValue(numbers: bias, shape: value.shape)
        }
        return try experts.converted(name, value, Self.names, self.name)
    }

    private var isSarvam: Bool { config.architecture.hasUTF8Suffix("SarvamMoEForCausalLM") }

    func finish() throws(ConversionError) { try experts.finish() }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(config, fileType: fileType)
        metadata.set("block_count", try ModelMetadata.count(config.blockCount() + predictionCount))
        let share = isSarvam ? 1 : RopeParameters(config).number("partial_rotary_factor") ?? 0.5
        metadata.set(
            "rope.dimension_count", try ModelMetadata.share(share, of: config.headLength(), heads: 1))
        try metadata.addNeededCount("leading_dense_block_count", config, ["first_k_dense_replace"])
        try metadata.addNeededCount("vocab_size", config, ["vocab_size"])
        try metadata.addNeededCount("expert_feed_forward_length", config, ["moe_intermediate_size"])
        let shared = try config.integer("num_shared_experts")
        let (all, overflow) = try config.size("moe_intermediate_size").multipliedReportingOverflow(by: shared)
        guard !overflow else {
            throw .wrongValue("num_shared_experts", .integer(shared), "a number of experts")
        }
        metadata.set(
            "expert_shared_feed_forward_length",
            try ModelMetadata.count(
                config.integerIfPresent("moe_shared_expert_intermediate_size") ?? all))
        metadata.set("expert_weights_scale", .float32(Float(try config.number("routed_scaling_factor"))))
        metadata.set("expert_shared_count", try ModelMetadata.count(shared))
        guard let isScaled = config.boolIfPresent("norm_topk_prob") else {
            throw ModelConfig.missing(["norm_topk_prob"])
        }
        metadata.set("expert_weights_norm", .bool(isScaled))
        try metadata.addCount("nextn_predict_layers", config, ["num_nextn_predict_layers"])
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try vocabulary.addBPE(to: &metadata)
    }
}
