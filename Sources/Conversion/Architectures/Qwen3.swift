import Tensors

/// Qwen 3 and its models for embeddings.
struct Qwen3: ModelArchitecture {
    static let classes = ["Qwen3ForCausalLM", "Qwen3Model"]
    static let modelTypes = ["qwen3"]

    let name = "qwen3"
    private let model: HuggingFaceModel
    private static let names = TensorNames.llama.adding(TensorNames.headNorms)

    init(_ model: HuggingFaceModel) throws(ConversionError) { self.model = model }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        [try Self.names.renamed(name, value, self.name)]
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(model.config, fileType: fileType)
        try metadata.addPooling(model.files, model.config)
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        if model.files["tokenizer.model"] != nil {
            try vocabulary.addSentencePiece(to: &metadata)
        } else {
            try vocabulary.addBPE(to: &metadata)
        }
    }

    static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        guard config.takesRopeScaling(isTypeCopied: true) else { return }
        Qwen2.fillDefaults(&config, modelType: modelType)
        config.setDefault("head_dim", 128)
    }
}
