import Formats
import Tensors

/// The Technology Innovation Institute's Falcon.
struct Falcon: ModelArchitecture {
    static let classes = ["FalconForCausalLM", "RWForCausalLM"]
    static let modelTypes = ["falcon"]

    let name = "falcon"
    private let model: HuggingFaceModel
    private let headCount: Int
    private let keyCount: Int
    private let width: Int
    package static func spellings(_ config: ModelConfig) -> [TensorNames] {
        let ways = [
            names.without(["transformer.h.*.ln_mlp", "transformer.h.*.ln_attn"]),
            names.without(["transformer.h.*.input_layernorm"]),
        ]
        return hasTwoNorms(config) ? ways.reversed() : ways
    }

    /// Whether attention and what follows it, which work side by side, each have a norm of their own.
    static func hasTwoNorms(_ config: ModelConfig) -> Bool {
        let norms = config.first(["num_ln_in_parallel_attn"])?.wholeNumber
        return (norms ?? (config.boolIfPresent("new_decoder_architecture") == true ? 2 : 1)) == 2
    }

    private static let names = TensorNames([
        "transformer.word_embeddings": "token_embd", "transformer.ln_f": "output_norm", "lm_head": "output",
        "transformer.h.*.input_layernorm": "blk.*.attn_norm", "transformer.h.*.ln_mlp": "blk.*.attn_norm",
        "transformer.h.*.ln_attn": "blk.*.attn_norm_2",
        "transformer.h.*.self_attention.query_key_value": "blk.*.attn_qkv",
        "transformer.h.*.self_attention.dense": "blk.*.attn_output",
        "transformer.h.*.mlp.dense_h_to_4h": "blk.*.ffn_up",
        "transformer.h.*.mlp.dense_4h_to_h": "blk.*.ffn_down",
    ])

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        self.model = model
        let config = model.config
        headCount = try config.size("num_attention_heads", "n_head")
        width = try config.size("hidden_size")
        // With one head of keys for all, whatever the configuration's default for their number states.
        let isShared =
            config.boolIfPresent("multi_query") == true
            && config.boolIfPresent("new_decoder_architecture") != true
        let isSaid = config.first(["num_kv_heads", "n_head_kv"]) != nil
        keyCount = isShared || !isSaid ? 1 : try config.size("num_kv_heads", "n_head_kv")
    }

    mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        guard name.containsUTF8("query_key_value") else {
            return [try Self.names.renamed(name, value, self.name)]
        }
        let fused = try FusedAttention(
            name, value, groups: keyCount, queries: headCount / keyCount, length: width / headCount)
        return [try Self.names.renamed(name, fused.sorted(value), self.name)]
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        metadata.set("context_length", .uint32(2048))
        // What the fused tensors are sorted by.
        metadata.set("tensor_data_layout", .string("jploski"))
        metadata.set("embedding_length", try ModelMetadata.count(width))
        metadata.set("feed_forward_length", try ModelMetadata.count(4 * width))
        metadata.set("block_count", try ModelMetadata.count(model.config.blockCount()))
        metadata.set("attention.head_count", try ModelMetadata.count(headCount))
        metadata.set("attention.head_count_kv", try ModelMetadata.count(keyCount))
        metadata.set(
            "attention.layer_norm_epsilon", .float32(Float(try model.config.number("layer_norm_epsilon"))))
        metadata["general.file_type"] = .uint32(fileType)
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try vocabulary.addBPE(to: &metadata)
    }

    static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        config.rename("n_embed", to: "hidden_size")
        config.setDefaults([
            "vocab_size": 65024, "hidden_size": 4544, "num_hidden_layers": 32, "num_attention_heads": 71,
            "layer_norm_epsilon": .number(1e-5), "multi_query": true, "new_decoder_architecture": false,
            "bos_token_id": 11, "eos_token_id": 11,
        ])
        config.setDefault("num_kv_heads", from: "num_attention_heads")
    }
}
