import Formats
import Tensors

/// Cohere's Command R.
struct Cohere: ModelArchitecture {
    static let classes = ["CohereForCausalLM"]
    static let modelTypes = ["cohere"]

    let name = "command-r"
    private var config: ModelConfig
    package static func spellings(_ config: ModelConfig) -> [TensorNames] { names.spellings }

    private static let names = TensorNames.llama.without(["lm_head"]).adding(TensorNames.headNorms)

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        config = model.config
        // What the model was trained with, where a longer one stands beside it.
        if let length = config["model_max_length"] { config["max_position_embeddings"] = length }
        guard config["max_position_embeddings"] != nil else {
            throw ModelConfig.missing(["model_max_length", "max_position_embeddings"])
        }
    }

    mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        [try Self.names.renamed(name, value, self.name)]
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(config, fileType: fileType)
        metadata.set("logit_scale", .float32(Float(try config.number("logit_scale"))))
        metadata.set("rope.scaling.type", .string("none"))
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try vocabulary.addBPE(to: &metadata)
    }

    static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        guard config.takesRopeScaling(isTypeCopied: false) else { return }
        config.setDefaults([
            "vocab_size": 256000, "hidden_size": 8192, "intermediate_size": 22528,
            "logit_scale": .number(0.0625), "num_hidden_layers": 40, "num_attention_heads": 64,
            "max_position_embeddings": 8192, "layer_norm_eps": .number(1e-5), "rope_theta": 10000,
            "pad_token_id": 0, "bos_token_id": 5, "eos_token_id": 255001,
        ])
        config.setDefault("num_key_value_heads", from: "num_attention_heads")
    }
}
