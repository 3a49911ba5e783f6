import Formats
import Tensors

/// ChatGLM 2 and 3 and GLM-4 of 2024, in their own form and in transformers'.
struct ChatGLM: ModelArchitecture {
    static let classes = ["GlmForCausalLM", "ChatGLMModel", "ChatGLMForConditionalGeneration"]
    static let modelTypes = ["glm"]

    let name = "chatglm"
    private let config: ModelConfig
    package static func spellings(_ config: ModelConfig) -> [TensorNames] {
        TensorNames.llama.adding(["model.layers.*.mlp.gate_up_proj": "blk.*.ffn_up"]).spellings + [own]
    }

    private static let names = TensorNames.llama.adding(own.names)
        .adding(["model.layers.*.mlp.gate_up_proj": "blk.*.ffn_up"])

    /// Those that its authors gave them.
    private static let own = TensorNames([
        "embedding.word_embeddings": "token_embd", "output_layer": "output",
        "encoder.final_layernorm": "output_norm", "encoder.layers.*.input_layernorm": "blk.*.attn_norm",
        "encoder.layers.*.self_attention.query_key_value": "blk.*.attn_qkv",
        "encoder.layers.*.self_attention.dense": "blk.*.attn_output",
        "encoder.layers.*.post_attention_layernorm": "blk.*.ffn_norm",
        "encoder.layers.*.mlp.dense_h_to_4h": "blk.*.ffn_up",
        "encoder.layers.*.mlp.dense_4h_to_h": "blk.*.ffn_down",
    ])

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        config = model.config
    }

    static func name(of tensor: String) -> String? {
        if tensor.hasUTF8Suffix(".rotary_pos_emb.inv_freq") { return nil }
        let start = "transformer."
        guard tensor.hasUTF8Prefix(start) else { return TextTensors.name(of: tensor) }
        return TextTensors.name(
            of: String(decoding: tensor.utf8.dropFirst(start.utf8.count), as: UTF8.self))
    }

    mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        [try Self.names.renamed(name, value, self.name)]
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        let width = try config.size("hidden_size", "n_embed")
        let heads = try config.size("n_head", "num_attention_heads")
        let keys = try config.integerIfPresent("multi_query_group_num", "num_key_value_heads") ?? heads
        metadata.set(
            "context_length", try ModelMetadata.count(config.integerIfPresent("seq_length") ?? width))
        metadata.set("embedding_length", try ModelMetadata.count(width))
        let inner = try config.integerIfPresent("ffn_hidden_size", "intermediate_size") ?? 4 * width
        metadata.set("feed_forward_length", try ModelMetadata.count(inner))
        metadata.set("block_count", try ModelMetadata.count(config.blockCount()))
        metadata.set("attention.head_count", try ModelMetadata.count(heads))
        metadata.set("attention.head_count_kv", try ModelMetadata.count(keys))
        let epsilon = try config.numberIfPresent("layernorm_epsilon") ?? 1e-5
        metadata.set("attention.layer_norm_rms_epsilon", .float32(Float(epsilon)))
        metadata["general.file_type"] = .uint32(fileType)
        let length =
            config["attention_dim"] != nil
            ? try config.size("attention_dim") : try config.size("hidden_size") / heads
        let share = RopeParameters(config).number("partial_rotary_factor") ?? 0.5
        metadata.set("rope.dimension_count", try ModelMetadata.share(share, of: length, heads: 1))
        metadata["tokenizer.ggml.add_bos_token"] = .bool(false)
        let ratio = try config.numberIfPresent("rope_ratio") ?? 1
        metadata.set("rope.freq_base", .float32(Float(10000 * ratio)))
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        let end = "<|endoftext|>"
        try vocabulary.addBPE(to: &metadata, special: [("eos", end), ("eot", "<|user|>"), ("unk", end)])
    }

    static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        GLM4.fillDefaults(&config, modelType: modelType)
    }
}
