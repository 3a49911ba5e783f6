import Formats
import Tensors

/// The part for text of MiniCPM-V 4.6: Qwen 3.5 without the blocks that predict more than one token ahead, which the
/// converter cannot write of it.
struct MiniCPMV46: ModelArchitecture {
    static let classes = ["MiniCPMV4_6ForConditionalGeneration"]
    static let modelTypes: [String] = []

    let name = "qwen35"
    private var hybrid: QwenHybrid

    static func spellings(_ config: ModelConfig) -> [TensorNames] { Qwen35.spellings(config) }

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors { Qwen35.requiredTensors(config) }

    static func name(of tensor: String) -> String? {
        let others = ["model.merger.", "mtp", "model.mtp."]
        return others.contains { tensor.hasUTF8Prefix($0) } ? nil : QwenHybrid.name(of: tensor)
    }

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        hybrid = try QwenHybrid(model, name, Qwen35.names, predicts: false)
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
