import Formats
import Tensors

/// Qwen 3.5 without experts, and of models with pictures the part for text: three of four layers have a state in the place of attention.
struct Qwen35: QwenHybridFamily {
    static let classes = ["Qwen3_5ForConditionalGeneration", "Qwen3_5ForCausalLM"]
    /// The reference's transformers knows none of these, so that it takes configurations as they stand.
    static let modelTypes: [String] = []

    let name = "qwen35"
    var hybrid: QwenHybrid

    static func spellings(_ config: ModelConfig) -> [TensorNames] { names.spellings }

    /// The names of the tensors.
    static let names = QwenHybrid.names.adding(QwenHybrid.dense).adding(QwenHybrid.fourInputs)

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        hybrid = try QwenHybrid(model, name, Self.names)
    }
}
