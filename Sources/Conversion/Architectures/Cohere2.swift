import Formats
import Tensors

/// Cohere's Command R7B and A: windows in three of four layers.
struct Cohere2: ModelArchitecture {
    static let classes = ["Cohere2ForCausalLM"]
    static let modelTypes = ["cohere2"]

    let name = "cohere2"
    private let config: ModelConfig
    static func spellings(_ config: ModelConfig) -> [TensorNames] { names.spellings }

    private static let names = TensorNames.llama.without(
        [
            "lm_head", "model.layers.*.post_attention_layernorm", "layers.*.post_attention_layernorm",
            "model.layers.*.mlp.gate",
        ])

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        RequiredTensors(
            RequiredTensors.embeddings,
            block: ["attn_norm"] + RequiredTensors.attention + RequiredTensors.dense)
    }

    init(_ model: HuggingFaceModel) throws(ConversionError) { config = model.config }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        // llama.cpp adds none in this family.
        if name.hasUTF8Suffix(".bias") { throw .unknownTensor(name, self.name) }
        return [try Self.names.renamed(name, value, self.name)]
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(config, fileType: fileType)
        metadata.set("logit_scale", .float32(Float(try config.number("logit_scale"))))
        try metadata.addNeededCount("attention.sliding_window", config, ["sliding_window"])
        try metadata.addNeededCount("vocab_size", config, ["vocab_size"])
        let length = try config.size("hidden_size") / config.size("num_attention_heads")
        // transformers 5 saves it no more: all of a head is rotated.
        let share = config["rotary_pct"] == nil ? 1 : try config.number("rotary_pct")
        metadata.set("rope.dimension_count", try ModelMetadata.share(share, of: length, heads: 1))
        metadata.set("rope.scaling.type", .string("none"))
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try vocabulary.addBPE(to: &metadata)
    }

    static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        guard config.takesLayerTypes(layers: 40), config.takesRopeScaling(isTypeCopied: false) else { return }
        config.setDefaults([
            "vocab_size": 256000, "hidden_size": 8192, "intermediate_size": 22528,
            "logit_scale": .number(0.0625), "num_hidden_layers": 40, "num_attention_heads": 64,
            "max_position_embeddings": 8192, "layer_norm_eps": .number(1e-5), "rope_theta": 10000,
            "sliding_window": 4096, "pad_token_id": 0, "bos_token_id": 5, "eos_token_id": 255001,
        ])
        config.setDefault("num_key_value_heads", from: "num_attention_heads")
        config["head_dim"] = nil
        config.setHeadLength()
    }
}
