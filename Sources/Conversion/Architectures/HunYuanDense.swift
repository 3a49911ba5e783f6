import Formats
import Glibc
import Tensors

/// Tencent's Hunyuan without experts.
struct HunYuanDense: ModelArchitecture {
    static let classes = ["HunYuanDenseV1ForCausalLM"]
    static let modelTypes = ["hunyuan_v1_dense"]

    let name = "hunyuan-dense"
    private let model: HuggingFaceModel
    private let config: ModelConfig
    static func spellings(_ config: ModelConfig) -> [TensorNames] { names.spellings }

    /// The names of all of Hunyuan's tensors without experts.
    static let names = TensorNames.llama.adding([
        "model.layers.*.self_attn.query_layernorm": "blk.*.attn_q_norm",
        "model.layers.*.self_attn.key_layernorm": "blk.*.attn_k_norm",
    ])

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors { Qwen3.requiredTensors(config) }

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        self.model = model
        config = model.config
    }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        if name == "lm_head.weight", config.isTied { return [] }
        return [try Self.names.renamed(name, value, self.name)]
    }

    // MARK: Metadata

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        var plain = config
        // Some state a number of experts and have none.
        plain["num_experts"] = nil
        try metadata.addGenericParameters(plain, fileType: fileType)
        let rope = RopeParameters(config)
        guard ["dynamic", "xdrope"].contains(rope.type) else { return }
        let isDynamic = rope.type == "dynamic"
        let base = rope.number("rope_theta") ?? 10000
        let context = try config.integer("max_position_embeddings")
        guard !isDynamic || base == 10000 && [32 * 1024, 256 * 1024].contains(context) else {
            throw ConversionError(
                .configValueWrong,
                "config.json: GGUF has no \"rope_scaling\" of the kind dynamic for this base and length of texts",
                fix: "check that it is the config.json of this model")
        }
        // The base grows by a factor alpha for all texts, instead of by their length.
        let length = Double(try config.size("head_dim"))
        let scaled = base * pow(rope.number("alpha") ?? 50, length / (length - 2))
        metadata.set("rope.freq_base", .float32(Float(scaled)))
        metadata.set("rope.scaling.type", .string("none"))
        metadata.set("rope.scaling.factor", .float32(1))
        guard isDynamic else { return }
        metadata.set("rope.scaling.original_context_length", .uint32(256 * 1024))
        metadata.set("context_length", .uint32(256 * 1024))
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        if let padding = config["pad_token_id"]?.integer, padding < 0 {
            throw ConversionError(
                .tokenId, "the padding token has the id \(padding), which cannot be right",
                fix: "correct \"pad_token_id\" in config.json")
        }
        try Self.addVocabulary(to: &metadata, vocabulary, model)
    }

    /// Adds the tokenizer, without a token for padding where the configuration states one below 0.
    static func addVocabulary(
        to metadata: inout ModelMetadata, _ vocabulary: Vocabulary, _ model: HuggingFaceModel
    ) throws(ConversionError) {
        let config = model.config
        guard model.files["tokenizer.json"] != nil else {
            throw ConversionError(
                .tokenizerMissing,
                "there is no tokenizer.json, and Hunyuan's own tokenizer cannot be converted",
                fix: "take a model of 2025-07 or later, which has a tokenizer.json")
        }
        let padding = config["pad_token_id"]?.integer ?? 0
        try vocabulary.addBPE(to: &metadata, without: padding < 0 ? ["pad"] : [])
        if let end = try config.integerIfPresent("eod_token_id") {
            metadata["tokenizer.ggml.eos_token_id"] = try ModelMetadata.count(end)
        }
        let ends = try? model.files.json("generation_config.json")?["eos_token_id"]?.array
        if let ends, ends.count >= 2, let first = ends[0].integer {
            metadata["tokenizer.ggml.eot_token_id"] = try ModelMetadata.count(first)
        }
    }

    static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        config.setDefaults([
            "vocab_size": 290_943, "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32,
            "num_attention_heads": 32, "max_position_embeddings": 2048, "rms_norm_eps": .number(1e-5),
            "rope_theta": 10000, "bos_token_id": 1, "pad_token_id": 0, "eos_token_id": 2,
        ])
        config.setDefault("num_key_value_heads", from: "num_attention_heads")
        // transformers' class takes it, and does not keep it.
        config["eod_token_id"] = nil
    }
}
