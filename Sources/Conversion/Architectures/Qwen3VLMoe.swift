import Formats
import Tensors

/// The part for text of Qwen 3 VL with experts, which are stored with their dimensions the other way round.
struct Qwen3VLMoe: ModelArchitecture {
    static let classes = [
        "Qwen3VLMoeForConditionalGeneration", "Qwen3OmniMoeForConditionalGeneration",
    ]
    static let modelTypes = [
        "qwen3_vl_moe_text", "qwen3_vl_moe", "qwen3_omni_moe", "qwen3_omni_moe_text",
    ]

    let name = "qwen3vlmoe"
    private let model: HuggingFaceModel
    private var qwen: Qwen3Moe

    /// Qwen 3's, that with stacks of experts first, as these models are published.
    static func spellings(_ config: ModelConfig) -> [TensorNames] { Qwen3Moe.spellings(config).reversed() }

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        Qwen3Moe.requiredTensors(config)
    }

    static func name(of tensor: String) -> String? { Qwen3VL.name(of: tensor) }

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        self.model = model
        qwen = try Qwen3Moe(model)
    }

    mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        let isStack = ["mlp.experts.down_proj", "mlp.experts.gate_up_proj"].contains {
            name.hasUTF8Suffix($0) || name.hasUTF8Suffix("\($0).weight")
        }
        guard isStack else { return try qwen.convert(name, value) }
        guard value.shape.count == 3, let view = value.view else {
            throw ConversionError.wrongShape(name, value.shape, "which is not that of a stack of experts")
        }
        return try qwen.convert(name, TensorValue(view.swapped(1, 2)))
    }

    func finish() throws(ConversionError) { try qwen.finish() }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try qwen.addParameters(to: &metadata, fileType: fileType)
        try metadata.addDeepstack(model.config)
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try qwen.addVocabulary(to: &metadata, vocabulary)
        guard model.config.architecture.hasUTF8Prefix("Qwen3Omni") else { return }
        try metadata.addEndOfAnswer(model.files)
    }

    static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        if modelType == "qwen3_omni_moe" { return config.setTextKind("qwen3_omni_moe_text") }
        guard modelType.hasUTF8Suffix("_text") else { return config.fillQwen3VLDefaults(modelType) }
        if modelType == "qwen3_omni_moe_text" {
            guard config.takesRopeScaling(isTypeCopied: true) else { return }
            config.setDefaults([
                "vocab_size": 3584, "hidden_size": 2048, "intermediate_size": 18944, "num_hidden_layers": 28,
                "num_attention_heads": 28, "num_key_value_heads": 4, "max_position_embeddings": 32768,
                "rms_norm_eps": .number(1e-6), "rope_theta": .number(1e6), "moe_intermediate_size": 768,
                "num_experts_per_tok": 8, "num_experts": 128,
            ])
            return config.setDefault("num_key_value_heads", from: "num_attention_heads")
        }
        guard config.takesRopeScaling(isTypeCopied: false) else { return }
        config.setDefaults([
            "vocab_size": 151936, "hidden_size": 2048, "intermediate_size": 5632, "num_hidden_layers": 24,
            "num_attention_heads": 16, "num_key_value_heads": 16, "max_position_embeddings": 128_000,
            "rms_norm_eps": .number(1e-6), "rope_theta": .number(5e6), "moe_intermediate_size": 1408,
            "num_experts_per_tok": 4, "num_experts": 60,
        ])
        config.setDefault("num_key_value_heads", from: "num_attention_heads")
        if config.first(["head_dim"]) == nil { config.setHeadLength() }
    }
}
