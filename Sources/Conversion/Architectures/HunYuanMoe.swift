import Formats
import Glibc
import Tensors

/// Tencent's Hunyuan with experts in every layer, as A13B.
struct HunYuanMoe: PlainFamily {
    static let classes = ["HunYuanMoEV1ForCausalLM"]
    static let modelTypes = ["hunyuan_v1_moe"]
    static let names: TensorNames = {
        var names: [ExactName: String] = ["model.layers.*.mlp.gate.wg": "blk.*.ffn_gate_inp"]
        for part in ["gate", "up", "down"] {
            names[ExactName("model.layers.*.mlp.shared_mlp.\(part)_proj")] = "blk.*.ffn_\(part)_shexp"
        }
        return HunYuanDense.names.without(TensorNames.denseLayers + ["model.layers.*.mlp.gate"]).adding(names)
    }()

    let name = "hunyuan-moe"
    var parts: PlainParts

    static func storedExperts(_ config: ModelConfig) -> [StoredExperts] { [StoredExperts()] }

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        RequiredTensors(
            RequiredTensors.embeddings,
            block: RequiredTensors.llama + RequiredTensors.headNorms + RequiredTensors.experts
                + RequiredTensors.sharedExperts)
    }

    mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        if name == "lm_head.weight", config.isTied { return [] }
        return try converted(name, value)
    }

    // MARK: Metadata

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(config, fileType: fileType)
        try metadata.addNeededCount("expert_shared_feed_forward_length", config, ["intermediate_size"])
        for (key, own) in [
            ("expert_feed_forward_length", "moe_intermediate_size"), ("expert_used_count", "moe_topk"),
            ("expert_shared_count", "num_shared_expert"),
        ] { metadata.set(key, try same(own)) }
        try addRotations(to: &metadata)
    }

    /// The number that a list has for every layer.
    private func same(_ key: String) throws(ConversionError) -> GGUFContent {
        guard let list = config[key]?.array, let first = list.first?.wholeNumber else {
            throw ModelConfig.missing([key])
        }
        guard list.allSatisfy({ $0.wholeNumber == first }) else {
            throw ConversionError(
                .configValueWrong,
                "config.json: \"\(key)\" differs from layer to layer, which a GGUF has no place for",
                fix: "check that it is the config.json of this model")
        }
        return try ModelMetadata.count(first)
    }

    /// The base grows by a factor for all texts, instead of by their length.
    private func addRotations(to metadata: inout ModelMetadata) throws(ConversionError) {
        let rope = RopeParameters(config)
        guard rope.type == "dynamic" else { return }
        let (base, alpha) = (rope.number("rope_theta") ?? 10000, rope.number("alpha") ?? 1000)
        let length = try config.size("hidden_size") / config.size("num_attention_heads")
        let context = try config.integer("max_position_embeddings")
        guard base == 10000, alpha == 1000, length == 128, [32 * 1024, 256 * 1024].contains(context) else {
            throw ConversionError(
                .configValueWrong,
                "config.json: GGUF has no \"rope_scaling\" of the kind dynamic for this base, factor and length of texts",
                fix: "check that it is the config.json of this model")
        }
        let scaled = base * pow(alpha, Double(length) / Double(length - 2))
        metadata.set("rope.freq_base", .float32(Float(scaled)))
        metadata.set("rope.scaling.type", .string("none"))
        metadata.set("rope.scaling.factor", .float32(1))
        metadata.set("rope.scaling.original_context_length", .uint32(256 * 1024))
        metadata.set("context_length", .uint32(256 * 1024))
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try vocabulary.addHunyuan(to: &metadata)
        // What the reference writes whatever the files state: the token "<|bos|>" of the published model.
        metadata["tokenizer.ggml.bos_token_id"] = .uint32(127_959)
    }

    static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        HunYuanDense.fillDefaults(&config, modelType: modelType)
        config.setDefaults(["num_experts": 1, "moe_topk": 1, "sep_token_id": 4])
    }
}
