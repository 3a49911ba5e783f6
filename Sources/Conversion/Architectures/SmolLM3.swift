import Formats

/// Hugging Face's SmolLM3: Llama in all but which blocks have rotations, which llama.cpp knows.
struct SmolLM3: ModelArchitecture {
    static let classes = ["SmolLM3ForCausalLM"]
    static let modelTypes = ["smollm3"]

    let name = "smollm3"
    private var llama: Llama

    init(_ model: HuggingFaceModel) throws(ConversionError) { llama = try Llama(model) }

    static func name(of tensor: String) -> String? { Llama.name(of: tensor) }

    mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        try llama.convert(name, value)
    }

    func generatedTensors() throws(ConversionError) -> [ConvertedTensor] { try llama.generatedTensors() }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try llama.addParameters(to: &metadata, fileType: fileType)
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try llama.addVocabulary(to: &metadata, vocabulary)
    }

    static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        guard config.takesRopeScaling(isTypeCopied: true) else { return }
        config.setDefaults([
            "vocab_size": 128256, "hidden_size": 2048, "intermediate_size": 11008, "num_hidden_layers": 36,
            "num_attention_heads": 16, "num_key_value_heads": 4, "max_position_embeddings": 32768,
            "rms_norm_eps": .number(1e-6), "rope_theta": 2_000_000, "pad_token_id": 128004,
            "bos_token_id": 128000, "eos_token_id": 128001,
        ])
        config.setDefault("num_key_value_heads", from: "num_attention_heads")
    }
}
