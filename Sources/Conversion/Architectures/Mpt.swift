import Formats
import Tensors

/// MosaicML's MPT: distances in the place of positions.
struct Mpt: PlainFamily {
    static let classes = ["MPTForCausalLM"]
    static let modelTypes = ["mpt"]
    static let names = TensorNames([
        "transformer.wte": "token_embd", "transformer.wpe": "position_embd",
        "transformer.norm_f": "output_norm", "lm_head": "output",
        "transformer.blocks.*.norm_1": "blk.*.attn_norm",
        "transformer.blocks.*.attn.Wqkv": "blk.*.attn_qkv",
        "transformer.blocks.*.attn.out_proj": "blk.*.attn_output",
        "transformer.blocks.*.attn.q_ln": "blk.*.attn_q_norm",
        "transformer.blocks.*.attn.k_ln": "blk.*.attn_k_norm",
        "transformer.blocks.*.norm_2": "blk.*.ffn_norm",
        "transformer.blocks.*.ffn.up_proj": "blk.*.ffn_up",
        "transformer.blocks.*.ffn.down_proj": "blk.*.ffn_down",
    ])

    let name = "mpt"
    var parts: PlainParts

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        let bias = config["no_bias"]?.isTruthy == false ? "+" : ""
        let layers = ["attn_norm", "attn_qkv", "attn_output", "ffn_norm", "ffn_up", "ffn_down"]
        return RequiredTensors(
            ["token_embd", "output_norm\(bias)"], block: layers.map { $0 + bias })
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        guard let members = config["attn_config"]?.members else { throw ModelConfig.missing(["attn_config"]) }
        let attention = ModelConfig(members: members)
        let width = try config.size("d_model")
        try metadata.addNeededCount("context_length", config, ["max_seq_len"])
        metadata.set("embedding_length", try ModelMetadata.count(width))
        metadata.set("block_count", try ModelMetadata.count(config.blockCount()))
        metadata.set("feed_forward_length", try ModelMetadata.count(4 &* width))
        try metadata.addNeededCount("attention.head_count", config, ["n_heads"])
        if attention["kv_n_heads"]?.isTruthy == true {
            try metadata.addCount("attention.head_count_kv", attention, ["kv_n_heads"])
        }
        metadata.set("attention.layer_norm_epsilon", .float32(1e-5))
        try metadata.addFloat("attention.clamp_kqv", attention, ["clip_qkv"])
        let isSloped = attention["alibi"]?.isTruthy == true
        metadata.set(
            "attention.max_alibi_bias",
            .float32(isSloped ? Float(try attention.number("alibi_bias_max")) : 0))
    }

    /// A BPE; SEA-LION has a SentencePiece model, whose tokens at the ends its files do not state.
    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        var own = metadata
        do throws(ConversionError) {
            try vocabulary.addBPE(to: &own)
            metadata = own
        } catch {
            guard vocabulary.hasSentencePiece else { throw error }
            try vocabulary.addSentencePiece(to: &metadata)
            metadata["tokenizer.ggml.add_bos_token"] = .bool(false)
            for (kind, id) in [("padding", 3), ("eos", 1), ("unknown", 0)] as [(String, UInt32)] {
                metadata["tokenizer.ggml.\(kind)_token_id"] = .uint32(id)
            }
        }
    }

    static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        for (alias, key) in [
            ("hidden_size", "d_model"), ("num_attention_heads", "n_heads"), ("num_hidden_layers", "n_layers"),
        ] {
            config.rename(alias, to: key)
        }
        config.setDefaults([
            "d_model": 2048, "n_heads": 16, "n_layers": 24, "max_seq_len": 2048, "vocab_size": 50368,
            "no_bias": true,
        ])
        let own = config.first(["attn_config"])?.members ?? []
        let usual: KeyValuePairs<String, JSON> = ["clip_qkv": .null, "alibi": true, "alibi_bias_max": 8]
        let missing = usual.filter { key, _ in !own.contains { $0.key.hasSameBytes(as: key) } }
        config["attn_config"] = .object(missing.map { JSON.Member($0.key, $0.value) } + own)
    }
}
