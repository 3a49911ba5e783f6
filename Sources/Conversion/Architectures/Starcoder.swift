import Formats
import Tensors

/// BigCode's StarCoder and SantaCoder: GPT-2 with one head for keys and values.
struct Starcoder: PlainFamily {
    static let classes = ["GPTBigCodeForCausalLM"]
    static let modelTypes = ["gpt_bigcode"]
    static let names = TensorNames(TensorNames.gptBlocks).adding([
        "transformer.wpe": "position_embd", "transformer.h.*.mlp.c_fc": "blk.*.ffn_up",
        "transformer.h.*.attn.c_attn": "blk.*.attn_qkv",
    ])

    let name = "starcoder"
    var parts: PlainParts

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        RequiredTensors(["token_embd", "position_embd", "output_norm+"], block: RequiredTensors.biased)
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGPTSizes(config)
        metadata.set("attention.head_count_kv", .uint32(1))
        try metadata.addNeededFloat("attention.layer_norm_epsilon", config, "layer_norm_epsilon")
        metadata["general.file_type"] = .uint32(fileType)
    }

    static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        for (alias, key) in [
            ("hidden_size", "n_embd"), ("max_position_embeddings", "n_positions"),
            ("num_attention_heads", "n_head"), ("num_hidden_layers", "n_layer"),
        ] {
            config.rename(alias, to: key)
        }
        config.setDefaults([
            "vocab_size": 50257, "n_positions": 1024, "n_embd": 768, "n_layer": 12, "n_head": 12,
            "n_inner": .null, "layer_norm_epsilon": .number(1e-5), "bos_token_id": 50256,
            "eos_token_id": 50256, "multi_query": true,
        ])
    }
}

extension TensorNames {
    /// The names that blocks of GPT-2's kind have in common.
    static let gptBlocks: [ExactName: String] = [
        "transformer.wte": "token_embd", "transformer.ln_f": "output_norm", "lm_head": "output",
        "transformer.h.*.ln_1": "blk.*.attn_norm", "transformer.h.*.attn.c_proj": "blk.*.attn_output",
        "transformer.h.*.ln_2": "blk.*.ffn_norm", "transformer.h.*.mlp.c_proj": "blk.*.ffn_down",
    ]
}

extension ModelMetadata {
    /// Adds the sizes of a model of GPT-2's kind.
    /// - Parameter inner: the feed-forward length; `nil` for four times the width.
    mutating func addGPTSizes(_ config: ModelConfig, inner: Int? = nil) throws(ConversionError) {
        try addNeededCount("context_length", config, ["n_positions"])
        let width = try config.size("n_embd")
        set("embedding_length", try Self.count(width))
        set("feed_forward_length", try Self.count(inner ?? 4 &* width))
        set("block_count", try Self.count(config.blockCount()))
        try addNeededCount("attention.head_count", config, ["n_head"])
    }
}
