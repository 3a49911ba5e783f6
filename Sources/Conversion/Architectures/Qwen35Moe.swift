import Formats
import Tensors

/// Qwen 3.5 with experts, and of models with pictures the part for text: three of four layers have a state in the place of attention.
struct Qwen35Moe: QwenHybridFamily {
    static let classes = ["Qwen3_5MoeForConditionalGeneration", "Qwen3_5MoeForCausalLM"]
    /// The reference's transformers knows none of these, so that it takes configurations as they stand.
    static let modelTypes: [String] = []

    let name = "qwen35moe"
    var hybrid: QwenHybrid

    static func spellings(_ config: ModelConfig) -> [TensorNames] {
        // As stacks first, as these models are published.
        QwenExperts.spellings(names, config).reversed()
    }

    private static let names = QwenHybrid.names.adding(QwenHybrid.withExperts).adding(QwenHybrid.fourInputs)

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        hybrid = try QwenHybrid(model, name, Self.names)
    }
}
