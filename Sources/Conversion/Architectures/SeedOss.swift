import Formats
import Tensors

/// ByteDance's Seed-OSS.
struct SeedOss: ModelArchitecture {
    static let classes = ["SeedOssForCausalLM"]
    static let modelTypes = ["seed_oss"]

    let name = "seed_oss"
    private let config: ModelConfig
    static func spellings(_ config: ModelConfig) -> [TensorNames] { names.spellings }

    private static let names = TensorNames.llama.adding([
        "model.layers.*.post_attention_layernorm": "blk.*.post_attention_norm",
        "layers.*.post_attention_layernorm": "blk.*.post_attention_norm",
    ])

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        RequiredTensors(
            RequiredTensors.embeddings,
            block: ["attn_norm", "post_attention_norm"] + RequiredTensors.attention + RequiredTensors.dense)
    }

    init(_ model: HuggingFaceModel) throws(ConversionError) { config = model.config }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        [try Self.names.renamed(name, value, self.name)]
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(config, fileType: fileType)
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try vocabulary.addBPE(to: &metadata)
    }

    static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        guard config.takesRopeScaling(isTypeCopied: true) else { return }
        config.setDefaults([
            "vocab_size": 155136, "hidden_size": 4096, "intermediate_size": 27648, "num_hidden_layers": 64,
            "num_attention_heads": 80, "num_key_value_heads": 8, "max_position_embeddings": 524_288,
            "rms_norm_eps": .number(1e-6), "rope_theta": 10000, "head_dim": 128, "bos_token_id": 0,
            "pad_token_id": 1, "eos_token_id": 2,
        ])
        config.setDefault("num_key_value_heads", from: "num_attention_heads")
        if config.first(["head_dim"]) == nil { config.setHeadLength() }
    }
}
