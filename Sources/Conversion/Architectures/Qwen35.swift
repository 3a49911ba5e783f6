import Formats
import Tensors

/// Qwen 3.5 without experts, and of models with pictures the part for text: three of four layers have a state in the place of attention.
struct Qwen35: ModelArchitecture {
    static let classes = ["Qwen3_5ForConditionalGeneration", "Qwen3_5ForCausalLM"]
    /// The reference's transformers knows none of these, so that it takes configurations as they stand.
    static let modelTypes: [String] = []

    let name = "qwen35"
    private var hybrid: QwenHybrid

    static func spellings(_ config: ModelConfig) -> [TensorNames] { names.spellings }

    /// The names of the tensors.
    static let names = QwenHybrid.names.adding(QwenHybrid.dense).adding(QwenHybrid.fourInputs)

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        RequiredTensors(RequiredTensors.embeddings) { block in
            ["attn_norm", "post_attention_norm"]
                + QwenHybrid.required(config, block, inputs: ["ssm_alpha", "ssm_beta"])
        }
    }

    static func name(of tensor: String) -> String? { QwenHybrid.name(of: tensor) }

    static func missingPredictions(_ config: ModelConfig, stored: [String]) -> [String] {
        QwenPrediction.missing(config, stored: stored)
    }

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        hybrid = try QwenHybrid(model, name, Self.names)
    }

    mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        try hybrid.convert(name, value)
    }

    func finish() throws(ConversionError) { try hybrid.finish() }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try hybrid.addParameters(to: &metadata, fileType: fileType)
        hybrid.addSections(to: &metadata)
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try vocabulary.addBPE(to: &metadata)
    }
}
