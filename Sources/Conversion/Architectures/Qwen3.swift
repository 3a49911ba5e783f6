import Formats

/// Qwen 3, its models for embeddings, and those that rank documents for a query.
struct Qwen3: ModelArchitecture {
    static let classes = ["Qwen3ForCausalLM", "Qwen3Model", "StepVLForConditionalGeneration"]
    static let modelTypes = ["qwen3"]

    let name = "qwen3"
    private let model: HuggingFaceModel
    private let reranker: QwenReranker?
    package static func spellings(_ config: ModelConfig) -> [TensorNames] { names.spellings }

    private static let names = TensorNames.llama.adding(TensorNames.headNorms)

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        self.model = model
        reranker = try QwenReranker(model)
    }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        var converted: [ConvertedTensor] = []
        if let reranker, reranker.isHead(name) {
            converted.append(try reranker.classifier(name, value))
            guard reranker.isTied else { return converted }
        }
        return converted + [try Self.names.renamed(name, value, self.name)]
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(model.config, fileType: fileType)
        try metadata.addPooling(model.files, model.config)
        reranker?.addParameters(to: &metadata)
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        if model.files["tokenizer.model"] != nil {
            try vocabulary.addSentencePiece(to: &metadata)
        } else {
            try vocabulary.addBPE(to: &metadata)
        }
    }

    static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        guard config.takesLayerTypes(layers: 32), config.takesRopeScaling(isTypeCopied: true) else { return }
        Qwen2.fillDefaults(&config, modelType: modelType)
        config.setDefault("head_dim", 128)
    }
}
