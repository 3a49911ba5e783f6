import Formats
import Tensors

/// The first OLMo of the Allen Institute, whose norms have no weights.
struct Olmo: ModelArchitecture {
    static let classes = ["OlmoForCausalLM", "OLMoForCausalLM"]
    static let modelTypes = ["olmo"]

    let name = "olmo"
    private let model: HuggingFaceModel
    private let heads: RotaryHeads

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        self.model = model
        heads = try RotaryHeads(model.config)
    }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        let value = name.hasUTF8Suffix("_proj.weight") ? try heads.interleaved(name, value) : value
        return [try TensorNames.llama.renamed(name, value, self.name)]
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(model.config, fileType: fileType)
        metadata.set("attention.layer_norm_epsilon", .float32(1e-5))
        try metadata.addFloat("attention.clamp_kqv", model.config, ["clip_qkv"])
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try vocabulary.addBPE(to: &metadata)
    }

    static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        if Olmo2.isRefused(config["rope_scaling"]) { return }
        config.setDefaults([
            "vocab_size": 50304, "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32,
            "num_attention_heads": 32, "max_position_embeddings": 2048, "rope_theta": 10000,
            "pad_token_id": 1, "eos_token_id": 50279,
        ])
        config.setDefault("num_key_value_heads", from: "num_attention_heads")
    }
}
