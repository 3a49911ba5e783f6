import Formats
import Tensors

/// BigScience's Bloom.
struct Bloom: ModelArchitecture {
    static let classes = ["BloomForCausalLM", "BloomModel"]
    static let modelTypes = ["bloom"]

    let name = "bloom"
    private let config: ModelConfig
    private let headCount: Int
    private let width: Int
    package static func spellings(_ config: ModelConfig) -> [TensorNames] { names.spellings }

    private static let names = TensorNames([
        "word_embeddings": "token_embd", "word_embeddings_layernorm": "token_embd_norm",
        "ln_f": "output_norm", "lm_head": "output", "h.*.input_layernorm": "blk.*.attn_norm",
        "h.*.self_attention.query_key_value": "blk.*.attn_qkv",
        "h.*.self_attention.dense": "blk.*.attn_output",
        "h.*.post_attention_layernorm": "blk.*.ffn_norm", "h.*.mlp.dense_h_to_4h": "blk.*.ffn_up",
        "h.*.mlp.dense_4h_to_h": "blk.*.ffn_down",
    ])

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        config = model.config
        headCount = try config.size("n_head", "num_attention_heads")
        width = try config.size("hidden_size", "n_embed")
    }

    static func name(of tensor: String) -> String? {
        TextTensors.name(of: tensor)?.replacingUTF8("transformer.", with: "")
    }

    mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        guard name.containsUTF8(".query_key_value.") else {
            return [try Self.names.renamed(name, value, self.name)]
        }
        let fused = try FusedAttention(
            name, value, groups: headCount, queries: 1, length: width / headCount)
        return [try Self.names.renamed(name, fused.sorted(value), self.name)]
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        let length = try config.integerIfPresent("seq_length") ?? width
        metadata.set("context_length", try ModelMetadata.count(length))
        metadata.set("embedding_length", try ModelMetadata.count(width))
        metadata.set("feed_forward_length", try ModelMetadata.count(4 * width))
        metadata.set("block_count", try ModelMetadata.count(config.blockCount()))
        metadata.set("attention.head_count", try ModelMetadata.count(headCount))
        metadata.set("attention.head_count_kv", try ModelMetadata.count(headCount))
        metadata.set(
            "attention.layer_norm_epsilon", .float32(Float(try config.number("layer_norm_epsilon"))))
        metadata["general.file_type"] = .uint32(fileType)
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try vocabulary.addBPE(to: &metadata)
    }

    static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        config.rename("n_embed", to: "hidden_size")
        config.rename("num_hidden_layers", to: "n_layer")
        config.rename("num_attention_heads", to: "n_head")
        config.setDefaults([
            "vocab_size": 250880, "hidden_size": 64, "n_layer": 2, "n_head": 8,
            "layer_norm_epsilon": .number(1e-5), "bos_token_id": 1, "eos_token_id": 2,
        ])
    }
}
