import Formats
import Tensors

/// IBM's Granite: Llama with factors for embeddings, attention, residuals and logits.
struct Granite: ModelArchitecture {
    static let classes = ["GraniteForCausalLM"]
    static let modelTypes = ["granite"]

    let name = "granite"
    private let model: HuggingFaceModel
    private let heads: RotaryHeads

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        self.model = model
        heads = try RotaryHeads(model.config)
        guard RopeParameters(model.config).type?.lowercased() != "llama3" else {
            throw ConversionError(
                .configValueWrong,
                "config.json: GGUF has no \"rope_scaling\" of the kind llama3 for Granite")
        }
    }

    // MARK: Tensors

    static func name(of tensor: String) -> String? {
        let others = ["image_", "layerwise_projectors", "spatial_projectors"]
        if tensor.hasUTF8Prefix("encoder.") || others.contains(where: { tensor.containsUTF8($0) }) {
            return nil
        }
        return TextTensors.name(of: tensor.replacingUTF8("text_model.", with: ""))
    }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        [try TensorNames.llama.renamed(name, try heads.interleaved(name, value), self.name)]
    }

    // MARK: Metadata

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGranite(model.config, fileType: fileType)
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try Llama.addVocabulary(to: &metadata, vocabulary, model)
    }

    // MARK: Defaults

    static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        guard config.takesRopeScaling(isTypeCopied: false) else { return }
        config.setDefaults([
            "vocab_size": 32000, "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32,
            "num_attention_heads": 32, "max_position_embeddings": 2048, "rms_norm_eps": .number(1e-6),
            "rope_theta": 10000, "embedding_multiplier": 1, "logits_scaling": 1, "residual_multiplier": 1,
            "attention_multiplier": 1,
        ])
        config.setDefault("num_key_value_heads", from: "num_attention_heads")
    }
}

extension ModelMetadata {
    /// Adds the keys of all that is built like Granite.
    mutating func addGranite(_ config: ModelConfig, fileType: UInt32) throws(ConversionError) {
        // Granite has no heads of their own length.
        var config = config
        config["head_dim"] = nil
        try addGenericParameters(config, fileType: fileType)
        set("vocab_size", try Self.count(config.integer("vocab_size")))
        set("rope.dimension_count", try Self.count(config.headLength()))
        for (key, name) in [
            ("attention.scale", "attention_multiplier"), ("embedding_scale", "embedding_multiplier"),
            ("residual_scale", "residual_multiplier"), ("logit_scale", "logits_scaling"),
        ] {
            guard let scale = try config.numberIfPresent(name), scale != 0 else { continue }
            set(key, .float32(Float(scale)))
        }
    }
}
