import Formats
import Tensors

/// The part for text of Qwen 2 VL, 2.5 VL and 2.5 Omni: Qwen 2 with positions of three kinds.
struct Qwen2VL: ModelArchitecture {
    static let classes = [
        "Qwen2VLForConditionalGeneration", "Qwen2_5_VLForConditionalGeneration", "Qwen2VLModel",
        "Qwen2_5OmniModel",
    ]
    static let modelTypes = [
        "qwen2_vl", "qwen2_vl_text", "qwen2_5_vl", "qwen2_5_vl_text", "qwen2_5_omni", "qwen2_5_omni_text",
    ]

    let name = "qwen2vl"
    private let model: HuggingFaceModel

    init(_ model: HuggingFaceModel) throws(ConversionError) { self.model = model }

    static func name(of tensor: String) -> String? {
        let start = "thinker."
        guard tensor.hasUTF8Prefix(start) else { return TextTensors.name(of: tensor) }
        return TextTensors.name(of: tensor.replacingUTF8(start, with: ""))
    }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        [try TensorNames.llama.renamed(name, value, self.name)]
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(model.config, fileType: fileType)
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        if vocabulary.hasSentencePiece {
            try vocabulary.addSentencePiece(to: &metadata)
        } else {
            try vocabulary.addBPE(to: &metadata)
        }
    }

    static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        // Where there is no part for text, the whole is it, as in what was published first.
        if !modelType.hasUTF8Suffix("_text"), config["text_config"] ?? .null != .null {
            return config.setTextKind(modelType + "_text")
        }
        if modelType == "qwen2_5_omni_text" {
            guard config.takesLayerTypes(layers: 28), config.takesMultimodalRope() else { return }
            config.setDefaults([
                "vocab_size": 152064, "hidden_size": 3584, "intermediate_size": 18944,
                "num_hidden_layers": 28,
                "num_attention_heads": 28, "num_key_value_heads": 4, "max_position_embeddings": 32768,
                "rms_norm_eps": .number(1e-6), "rope_theta": .number(1e6),
            ])
            return config.setDefault("num_key_value_heads", from: "num_attention_heads")
        }
        guard config.takesLayerTypes(layers: 80), config.takesMultimodalRope() else { return }
        config.setDefaults([
            "vocab_size": 152064, "hidden_size": 8192, "intermediate_size": 29568, "num_hidden_layers": 80,
            "num_attention_heads": 64, "max_position_embeddings": 32768, "rms_norm_eps": .number(1e-5),
            "rope_theta": .number(1e6),
        ])
        // What is stated as `null` is as many as there are heads.
        config.setDefault("num_key_value_heads", 8)
        config.setDefault("num_key_value_heads", from: "num_attention_heads")
    }
}
