import Formats
import Tensors

/// Liquid AI's LFM2 for embeddings, whose tokens may see all others.
struct Lfm2Embedding: ModelArchitecture {
    static let classes = ["Lfm2Model", "Lfm2BidirectionalModel"]
    static let modelTypes: [String] = []

    let name = "lfm2"
    private let model: HuggingFaceModel
    private let lfm: Lfm2

    /// Without the start that models with an output have.
    static func spellings(_ config: ModelConfig) -> [TensorNames] {
        let start = "model."
        var names: [ExactName: String] = [:]
        for (name, inGGUF) in Lfm2.names.names where name.text.hasUTF8Prefix(start) {
            names[ExactName(String(decoding: name.text.utf8.dropFirst(start.utf8.count), as: UTF8.self))] =
                inGGUF
        }
        return [TensorNames(names)]
    }

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors { Lfm2.requiredTensors(config) }

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        self.model = model
        lfm = try Lfm2(model)
        let dense: RelativePath = "1_Dense/config.json"
        guard model.files[dense] == nil else {
            throw ConversionError(
                .configValueWrong,
                "\(dense.text): the layer behind the embeddings is in a file of its own, which cannot be converted",
                fix: "take a GGUF that someone made with llama.cpp")
        }
    }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        try lfm.convert("model." + name, value)
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try lfm.addParameters(to: &metadata, fileType: fileType)
        if model.config.architecture == "Lfm2BidirectionalModel" {
            metadata.set("attention.causal", .bool(false))
        }
        try metadata.addPooling(model.files, model.config)
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try lfm.addVocabulary(to: &metadata, vocabulary)
    }
}
