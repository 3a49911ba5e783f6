import Formats

/// Arcee's AFM: Llama without gates in its feed-forward part.
struct Arcee: BuiltOnLlama {
    static let classes = ["ArceeForCausalLM"]
    static let modelTypes = ["arcee"]

    let name = "arcee"
    var llama: Llama
    private let model: HuggingFaceModel
    private static let gates = ["model.layers.*.mlp.gate_proj", "layers.*.mlp.gate_proj"]

    static func spellings(_ config: ModelConfig) -> [TensorNames] {
        TensorNames.llama.without(gates).spellings
    }

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        RequiredTensors(RequiredTensors.embeddings, block: RequiredTensors.llama + ["ffn_up", "ffn_down"])
    }

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        self.model = model
        llama = try Llama(model)
    }

    mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        guard !name.hasUTF8Suffix("mlp.gate_proj.weight") else { throw .unknownTensor(name, self.name) }
        return try llama.convert(name, value)
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try llama.addParameters(to: &metadata, fileType: fileType)
        try metadata.addPooling(model.files, model.config)
    }

    static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        guard config.takesRopeScaling(isTypeCopied: true) else { return }
        config.setDefaults([
            "vocab_size": 32000, "hidden_size": 2560, "intermediate_size": 18432, "num_hidden_layers": 32,
            "num_attention_heads": 32, "max_position_embeddings": 4096, "rms_norm_eps": .number(1e-5),
            "rope_theta": 10000, "bos_token_id": 128000, "eos_token_id": 128001,
        ])
        config.setDefault("num_key_value_heads", from: "num_attention_heads")
        config.setHeadLength()
    }
}
