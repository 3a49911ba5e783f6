import Formats
import Tensors

/// OLMo 2 and 3 of the Allen Institute: norms behind attention and feed-forward instead of before them.
struct Olmo2: ModelArchitecture {
    static let classes = ["Olmo2ForCausalLM", "Olmo3ForCausalLM"]
    static let modelTypes = ["olmo2", "olmo3"]

    let name = "olmo2"
    private let model: HuggingFaceModel
    package static func spellings(_ config: ModelConfig) -> [TensorNames] { names.spellings }

    /// The names of its tensors, which others have as well.
    static let names = TensorNames.llama
        .without(["model.layers.*.input_layernorm", "layers.*.input_layernorm"])
        .adding(TensorNames.headNorms).adding([
            "model.layers.*.post_attention_layernorm": "blk.*.post_attention_norm",
            "model.layers.*.post_feedforward_layernorm": "blk.*.post_ffw_norm",
            "layers.*.post_attention_layernorm": "blk.*.post_attention_norm",
            "layers.*.post_feedforward_layernorm": "blk.*.post_ffw_norm",
        ])

    init(_ model: HuggingFaceModel) throws(ConversionError) { self.model = model }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        [try Self.names.renamed(name, value, self.name)]
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        let config = model.config
        try metadata.addGenericParameters(config, fileType: fileType)
        guard config["sliding_window"] != nil else { return }
        try metadata.addNeededCount("attention.sliding_window", config, ["sliding_window"])
        // Without a list every fourth layer sees all.
        let count = try config.size("num_hidden_layers")
        let stated: [Bool]? = config["layer_types"]?.array?.map { $0.string == "sliding_attention" }
        let usual: [Bool] = (0..<min(count, 1 << 16)).map { ($0 + 1) % 4 != 0 }
        metadata.set("attention.sliding_window_pattern", .bools(stated ?? usual))
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try vocabulary.addBPE(to: &metadata)
    }

    /// Whether transformers refuses a `rope_scaling`, whereupon a configuration is taken as it stands.
    static func isRefused(_ scaling: JSON?) -> Bool {
        guard let scaling, scaling != .null else { return false }
        guard scaling.members?.count == 2, ["linear", "dynamic"].contains(scaling["type"]?.string),
            case .number(let factor) = scaling["factor"], factor > 1
        else { return true }
        return false
    }

    static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        if modelType == "olmo2", isRefused(config["rope_scaling"]) { return }
        if modelType == "olmo3", !config.takesRopeScaling(isTypeCopied: false) { return }
        config.setDefaults([
            "vocab_size": 50304, "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32,
            "num_attention_heads": 32, "max_position_embeddings": 2048, "rms_norm_eps": .number(1e-5),
            "rope_theta": 10000, "pad_token_id": 1, "eos_token_id": 50279,
        ])
        config.setDefault("num_key_value_heads", from: "num_attention_heads")
        if modelType == "olmo3" {
            config.setDefault("sliding_window", 4096)
            if config["layer_types"] == .null { config["layer_types"] = nil }
        }
    }
}
