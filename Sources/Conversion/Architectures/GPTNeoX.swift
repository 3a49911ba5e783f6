import Formats
import Tensors

/// EleutherAI's GPT-NeoX and Pythia.
struct GPTNeoX: ModelArchitecture {
    static let classes = ["GPTNeoXForCausalLM"]
    static let modelTypes = ["gpt_neox"]

    let name = "gptneox"
    private let config: ModelConfig
    private let headCount: Int
    private let width: Int
    package static func spellings(_ config: ModelConfig) -> [TensorNames] { names.spellings }

    private static let names = TensorNames([
        "gpt_neox.embed_in": "token_embd", "gpt_neox.final_layer_norm": "output_norm", "embed_out": "output",
        "gpt_neox.layers.*.input_layernorm": "blk.*.attn_norm",
        "gpt_neox.layers.*.post_attention_layernorm": "blk.*.ffn_norm",
        "gpt_neox.layers.*.attention.query_key_value": "blk.*.attn_qkv",
        "gpt_neox.layers.*.attention.dense": "blk.*.attn_output",
        "gpt_neox.layers.*.mlp.dense_h_to_4h": "blk.*.ffn_up",
        "gpt_neox.layers.*.mlp.dense_4h_to_h": "blk.*.ffn_down",
    ])

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        config = model.config
        headCount = try config.size("n_head", "num_attention_heads")
        width = try config.size("hidden_size", "n_embed")
    }

    mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        guard name.containsUTF8(".query_key_value.") else {
            return [try Self.names.renamed(name, value, self.name)]
        }
        let fused = try FusedAttention(
            name, value, groups: headCount, queries: 1, length: width / headCount)
        return [try Self.names.renamed(name, fused.sorted(value), self.name)]
    }

    /// Without `general.file_type`, which the converter forgets for this family.
    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addNeededCount("context_length", config, ["max_position_embeddings"])
        metadata.set("embedding_length", try ModelMetadata.count(width))
        metadata.set("block_count", try ModelMetadata.count(config.blockCount()))
        try metadata.addNeededCount("feed_forward_length", config, ["intermediate_size"])
        let length = try config.size("hidden_size") / config.size("num_attention_heads")
        metadata.set(
            "rope.dimension_count",
            try ModelMetadata.share(config.number("rotary_pct"), of: length, heads: 1))
        try metadata.addNeededCount("attention.head_count", config, ["num_attention_heads"])
        metadata.set("use_parallel_residual", .bool(config.boolIfPresent("use_parallel_residual") ?? true))
        metadata.set("attention.layer_norm_epsilon", .float32(Float(try config.number("layer_norm_eps"))))
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try vocabulary.addBPE(to: &metadata)
    }

    static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        guard config.takesRopeScaling(isTypeCopied: true) else { return }
        config.setDefaults([
            "vocab_size": 50432, "hidden_size": 6144, "num_hidden_layers": 44, "num_attention_heads": 64,
            "intermediate_size": 24576, "rotary_pct": .number(0.25), "max_position_embeddings": 2048,
            "layer_norm_eps": .number(1e-5), "use_parallel_residual": true, "bos_token_id": 0,
            "eos_token_id": 2,
        ])
    }
}
