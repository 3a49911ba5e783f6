import Formats

/// BigCode's StarCoder 2.
struct Starcoder2: ModelArchitecture {
    static let classes = ["Starcoder2ForCausalLM"]
    static let modelTypes = ["starcoder2"]

    let name = "starcoder2"
    private let model: HuggingFaceModel
    package static func spellings(_ config: ModelConfig) -> [TensorNames] { names.spellings }

    private static let names = TensorNames.llama.without(TensorNames.denseLayers).adding([
        "model.layers.*.mlp.c_fc": "blk.*.ffn_up", "model.layers.*.mlp.c_proj": "blk.*.ffn_down",
    ])

    init(_ model: HuggingFaceModel) throws(ConversionError) { self.model = model }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        [try Self.names.renamed(name, value, self.name)]
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(model.config, fileType: fileType)
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try vocabulary.addBPE(to: &metadata)
    }

    static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        guard config.takesRopeScaling(isTypeCopied: true) else { return }
        config.setDefaults([
            "vocab_size": 49152, "hidden_size": 3072, "intermediate_size": 12288, "num_hidden_layers": 30,
            "num_attention_heads": 24, "num_key_value_heads": 2, "max_position_embeddings": 4096,
            "norm_epsilon": .number(1e-5), "rope_theta": 10000, "bos_token_id": 50256, "eos_token_id": 50256,
        ])
    }
}
