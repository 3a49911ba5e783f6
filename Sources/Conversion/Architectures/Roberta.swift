import Formats

/// RoBERTa, and XLM-RoBERTa, which has the same tensors and another tokenizer.
struct Roberta: ModelArchitecture {
    static let classes = [
        "RobertaModel", "RobertaForSequenceClassification", "XLMRobertaModel",
        "XLMRobertaForSequenceClassification",
    ]
    static let modelTypes = ["roberta", "xlm-roberta"]

    let name = "bert"
    private let files: ModelDocuments
    private var config: ModelConfig
    private let labels: [String]?
    /// The number of positions before that of the first token.
    private let offset: Int
    private let isMultilingual: Bool

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        files = model.files
        config = model.config
        labels = try Bert.labels(config)
        offset = try Self.takePositions(&config)
        isMultilingual = config.architecture.hasUTF8Prefix("XLM")
        if let adapters = config.first(["lora_adaptations"])?.array, !adapters.isEmpty {
            throw ConversionError(
                .architectureUnknown, "an XLM-RoBERTa with adapters inside cannot be converted",
                fix: "take a GGUF that someone made with llama.cpp")
        }
    }

    /// Takes the positions before that of the first token, which is behind the padding's, from the configuration.
    static func takePositions(_ config: inout ModelConfig) throws(ConversionError) -> Int {
        guard let padding = try config.integerIfPresent("pad_token_id") else { return 0 }
        guard padding >= 0, padding < Int(Int32.max) else {
            throw ConversionError(
                .configValueWrong, "config.json: \"pad_token_id\" is \(padding)",
                fix: "check that it is the config.json of this model")
        }
        if config["max_position_embeddings"] != nil {
            config["max_position_embeddings"] = .integer(
                try config.size("max_position_embeddings") - 1 - padding)
        }
        return 1 + padding
    }

    // MARK: Tensors

    static func spellings(_ config: ModelConfig) -> [TensorNames] { [Bert.names.without(["classifier"])] }

    static func name(of tensor: String) -> String? {
        let start = "roberta."
        guard tensor.hasUTF8Prefix(start) else { return Bert.encoderName(of: tensor) }
        return Bert.encoderName(of: String(decoding: tensor.utf8.dropFirst(start.utf8.count), as: UTF8.self))
    }

    mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        var value = value
        if name == "embeddings.position_embeddings.weight" {
            guard let rows = value.shape.first, rows > offset,
                let rest = value.view?.sliced(axis: 0, offset..<rows)
            else {
                throw ConversionError.wrongShape(
                    name, value.shape, "which has no position after the first \(offset)")
            }
            value = TensorValue(rest)
        }
        return [try Bert.names.renamed(Bert.classifierName(name, labels), value, self.name)]
    }

    // MARK: Metadata

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addEncoderParameters(config, files, labels, fileType: fileType)
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        if isMultilingual { return try vocabulary.addUnigram(to: &metadata) }
        guard files["tokenizer.json"] != nil else { return try vocabulary.addWordPiece(to: &metadata) }
        try vocabulary.addBPE(to: &metadata)
        metadata["tokenizer.ggml.token_type_count"] = try vocabulary.tokenTypeCount()
    }

    static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        Bert.fillEncoderDefaults(
            &config, vocabulary: modelType == "roberta" ? 50265 : 30522, padding: 1)
        config.setDefaults(["bos_token_id": 0, "eos_token_id": 2])
    }
}
