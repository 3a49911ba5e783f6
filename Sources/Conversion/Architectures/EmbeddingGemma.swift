import Formats
import Tensors

/// Google's EmbeddingGemma: Gemma 3 whose tokens see all others.
struct EmbeddingGemma: ModelArchitecture {
    static let classes = ["Gemma3TextModel"]
    static let modelTypes: [String] = []

    let name = "gemma-embedding"
    private let model: HuggingFaceModel
    private let gemma: Gemma3

    static func spellings(_ config: ModelConfig) -> [TensorNames] { Gemma3.spellings(config) }

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors { Gemma3.requiredTensors(config) }

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        self.model = model
        gemma = try Gemma3(model)
    }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        try gemma.convert(name, value)
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try gemma.addParameters(to: &metadata, fileType: fileType)
        // transformers halves the window of what sees both ways, and the converter takes what is stated.
        guard let window = model.config.raw["sliding_window"]?.wholeNumber else {
            throw ModelConfig.missing(["sliding_window"])
        }
        metadata.set("attention.sliding_window", try ModelMetadata.count(window))
        try metadata.addPooling(model.files, model.config)
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try gemma.addVocabulary(to: &metadata, vocabulary)
    }
}
