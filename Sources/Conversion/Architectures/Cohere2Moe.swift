import Formats
import Tensors

/// Cohere's Command with experts: windows in some layers, and blocks that predict further tokens.
struct Cohere2Moe: PlainFamily {
    static let classes = ["Cohere2MoeForCausalLM"]
    static let names = TensorNames.llama.without([
        "model.layers.*.post_attention_layernorm", "layers.*.post_attention_layernorm",
    ]).adding(TensorNames.sharedExperts).adding(TensorNames.prediction)

    let name = "cohere2moe"
    var parts: PlainParts

    static func storedExperts(_ config: ModelConfig) -> [StoredExperts] {
        [StoredExperts(keys: ["num_experts"])]
    }

    static func predictionCount(_ config: ModelConfig) -> Int { (try? config.predictionCount()) ?? 0 }

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        let isShared = (config.first(["num_shared_experts"])?.wholeNumber ?? 0) > 0
        let (dense, last) = (denseCount(config), (try? config.blockCount()) ?? Int.max)
        return RequiredTensors(RequiredTensors.embeddings) { block in
            let attention = ["attn_norm"] + RequiredTensors.attention
            if block < dense { return attention + RequiredTensors.dense }
            return attention + RequiredTensors.experts + (isShared ? RequiredTensors.sharedExperts : [])
                + (block < last ? [] : ["nextn.eh_proj", "nextn.enorm", "nextn.hnorm"])
        }
    }

    /// How many of the first layers have no experts.
    private static func denseCount(_ config: ModelConfig) -> Int {
        if let types = config.first(["mlp_layer_types"])?.array {
            return types.firstIndex { !$0.isText("dense") } ?? types.count
        }
        return config.first(["first_k_dense_replace"])?.wholeNumber ?? 0
    }

    mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        // llama.cpp adds none in this family.
        if name.hasUTF8Suffix(".bias") { throw .unknownTensor(name, self.name) }
        return try converted(name, value)
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(config, fileType: fileType)
        let ahead = try config.predictionCount()
        metadata.set("block_count", try ModelMetadata.count(config.blockCount() + ahead))
        try metadata.addNeededFloat("logit_scale", config, "logit_scale")
        try metadata.addNeededCount("attention.sliding_window", config, ["sliding_window"])
        try metadata.addWindows(config)
        try metadata.addNeededCount("vocab_size", config, ["vocab_size"])
        let length = try config.size("intermediate_size")
        metadata.set("expert_feed_forward_length", try ModelMetadata.count(length))
        metadata.set("leading_dense_block_count", try ModelMetadata.count(Self.denseCount(config)))
        metadata.set("expert_weights_norm", .bool(config["norm_topk_prob"]?.isTruthy ?? false))
        let shared = try config.integerIfPresent("num_shared_experts") ?? 0
        if shared > 0 {
            let way = config["shared_expert_combination_strategy"]
            guard way == nil || way?.isText("average") == true else {
                throw ConversionError(
                    .configValueWrong,
                    "config.json: \"shared_expert_combination_strategy\" is not \"average\", and llama.cpp has no other"
                )
            }
            metadata.set("expert_shared_count", try ModelMetadata.count(shared))
            try metadata.addProduct("expert_shared_feed_forward_length", length, shared)
        }
        if ahead > 0 { metadata.set("nextn_predict_layers", try ModelMetadata.count(ahead)) }
        try metadata.addNeededCount("rope.dimension_count", config, ["head_dim"])
        metadata.set("rope.scaling.type", .string("none"))
    }
}
