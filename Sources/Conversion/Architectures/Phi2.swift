import Formats
import Tensors

/// Microsoft's Phi 1, 1.5 and 2.
struct Phi2: ModelArchitecture {
    static let classes = ["PhiForCausalLM"]
    static let modelTypes = ["phi"]

    let name = "phi2"
    private let model: HuggingFaceModel
    package static func spellings(_ config: ModelConfig) -> [TensorNames] { names.spellings }

    private static let names = TensorNames([
        "model.embed_tokens": "token_embd", "model.final_layernorm": "output_norm", "lm_head": "output",
        "model.layers.*.input_layernorm": "blk.*.attn_norm",
        "model.layers.*.self_attn.q_proj": "blk.*.attn_q",
        "model.layers.*.self_attn.k_proj": "blk.*.attn_k", "model.layers.*.self_attn.v_proj": "blk.*.attn_v",
        "model.layers.*.self_attn.query_key_value": "blk.*.attn_qkv",
        "model.layers.*.self_attn.dense": "blk.*.attn_output", "model.layers.*.mlp.fc1": "blk.*.ffn_up",
        "model.layers.*.mlp.fc2": "blk.*.ffn_down",
    ])

    init(_ model: HuggingFaceModel) throws(ConversionError) { self.model = model }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        [try Self.names.renamed(name, value, self.name)]
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        let config = model.config
        let width = try config.size("hidden_size", "n_embd")
        let heads = try config.size("num_attention_heads", "n_head")
        guard let share = RopeParameters(config).number("partial_rotary_factor") else {
            throw ModelConfig.missing(["partial_rotary_factor"])
        }
        try metadata.addNeededCount("context_length", config, ["n_positions", "max_position_embeddings"])
        metadata.set("embedding_length", try ModelMetadata.count(width))
        metadata.set("feed_forward_length", try ModelMetadata.count(4 * width))
        metadata.set("block_count", try ModelMetadata.count(config.blockCount()))
        metadata.set("attention.head_count", try ModelMetadata.count(heads))
        metadata.set("attention.head_count_kv", try ModelMetadata.count(heads))
        metadata.set(
            "attention.layer_norm_epsilon",
            .float32(Float(try config.number("layer_norm_epsilon", "layer_norm_eps"))))
        metadata.set("rope.dimension_count", try ModelMetadata.share(share, of: width, heads: heads))
        metadata["general.file_type"] = .uint32(fileType)
        metadata["tokenizer.ggml.add_bos_token"] = .bool(false)
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try vocabulary.addBPE(to: &metadata)
    }

    static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        guard config.takesRopeScaling(isTypeCopied: true) else { return }
        config.setDefaults([
            "vocab_size": 51200, "hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 24,
            "num_attention_heads": 32, "max_position_embeddings": 2048, "layer_norm_eps": .number(1e-5),
            "rope_theta": 10000, "partial_rotary_factor": .number(0.5), "bos_token_id": 1, "eos_token_id": 2,
        ])
        config.setDefault("num_key_value_heads", from: "num_attention_heads")
    }
}
