import Formats

/// What a tensor of a Hugging Face model is called in GGUF (gguf-py's `tensor_mapping.py`, the names that
/// transformers' models of language use).
///
/// A name alone does not decide it everywhere: what follows the attention's norm is one thing in Llama and
/// another in Gemma 2. So there are candidates, of which a GGUF file has one.
package struct HuggingFaceName: Equatable, Sendable {
    /// The names in GGUF that it may have, the likelier first; empty for one that is not known.
    package let candidates: [String]
    /// Which matrix of a stack of experts it is; `nil` where it is the whole tensor.
    package let expert: Int?

    /// Reads a name as transformers writes it.
    package init(_ name: String) {
        var parts = name.split(separator: ".", omittingEmptySubsequences: false)[...]
        let suffix: Substring? = ["weight", "bias"].contains(parts.last) ? parts.popLast() : nil
        while let first = parts.first, HuggingFaceName.prefixes.contains(first) { parts.removeFirst() }
        var block: Int?
        if parts.count > 2, HuggingFaceName.lists.contains(parts[parts.startIndex]),
            let number = Int(parts[parts.startIndex + 1])
        {
            block = number
            parts.removeFirst(2)
        }
        var expert: Int?
        if let place = parts.firstIndex(of: "experts"), place + 1 < parts.endIndex {
            expert = Int(parts[place + 1])
            if expert != nil { parts.remove(at: place + 1) }
        }
        self.expert = expert
        let key = parts.joined(separator: ".")
        let table = block == nil ? HuggingFaceName.outside : HuggingFaceName.inside
        let end = suffix.map { ".\($0)" } ?? ""
        candidates = (table[key] ?? []).map { base in
            block.map { "blk.\($0).\(base)\(end)" } ?? "\(base)\(end)"
        }
    }

    /// What stands before the names that count.
    private static let prefixes: Set<ExactName> = [
        "model", "transformer", "language_model", "bert", "roberta", "encoder", "decoder", "gpt_neox",
        "text_model",
    ]
    /// What the list of blocks is called.
    private static let lists: Set<ExactName> = ["layers", "layer", "h", "blocks"]

    private static let outside: [ExactName: [String]] = [
        "embed_tokens": ["token_embd"], "wte": ["token_embd"], "embed_in": ["token_embd"],
        "word_embeddings": ["token_embd"], "embeddings.word_embeddings": ["token_embd"],
        "embeddings.LayerNorm": ["token_embd_norm"], "word_embeddings_layernorm": ["token_embd_norm"],
        "embeddings.token_type_embeddings": ["token_types"],
        "wpe": ["position_embd"], "embeddings.position_embeddings": ["position_embd"],
        "lm_head": ["output"], "embed_out": ["output"],
        "norm": ["output_norm"], "ln_f": ["output_norm"], "final_layernorm": ["output_norm"],
        "final_layer_norm": ["output_norm"],
    ]

    private static let inside: [ExactName: [String]] = {
        var table: [ExactName: [String]] = [
            "input_layernorm": ["attn_norm"], "ln_1": ["attn_norm"], "attention_norm": ["attn_norm"],
            "post_attention_layernorm": ["ffn_norm", "post_attention_norm"], "ln_2": ["ffn_norm"],
            "pre_feedforward_layernorm": ["ffn_norm"], "post_feedforward_layernorm": ["post_ffw_norm"],
            "self_attn.qkv_proj": ["attn_qkv"], "attn.c_attn": ["attn_qkv"],
            "self_attention.query_key_value": ["attn_qkv"], "attention.query_key_value": ["attn_qkv"],
            "self_attn.o_proj": ["attn_output"], "self_attn.dense": ["attn_output"],
            "attn.c_proj": ["attn_output"], "attention.output.dense": ["attn_output"],
            "attention.dense": ["attn_output"], "self_attention.dense": ["attn_output"],
            "attention.output.LayerNorm": ["attn_output_norm"], "output.LayerNorm": ["layer_output_norm"],
            "mlp.fc1": ["ffn_up"], "mlp.fc2": ["ffn_down"], "mlp.c_fc": ["ffn_up"],
            "mlp.c_proj": ["ffn_down"],
            "mlp.dense_h_to_4h": ["ffn_up"], "mlp.dense_4h_to_h": ["ffn_down"],
            "intermediate.dense": ["ffn_up"], "output.dense": ["ffn_down"], "mlp.gate_up_proj": ["ffn_up"],
            "mlp.gate": ["ffn_gate_inp"], "block_sparse_moe.gate": ["ffn_gate_inp"],
            "mlp.shared_expert_gate": ["ffn_gate_inp_shexp"],
            "block_sparse_moe.experts.w1": ["ffn_gate_exps"],
            "block_sparse_moe.experts.w2": ["ffn_down_exps"],
            "block_sparse_moe.experts.w3": ["ffn_up_exps"],
        ]
        for (long, short) in [("query", "q"), ("key", "k"), ("value", "v")] {
            table["attention.self.\(long)"] = ["attn_\(short)"]
            table["self_attn.\(short)_proj"] = ["attn_\(short)"]
        }
        for name in ["q", "k"] { table["self_attn.\(name)_norm"] = ["attn_\(name)_norm"] }
        for part in ["gate", "up", "down"] {
            table["mlp.\(part)_proj"] = ["ffn_\(part)"]
            table["feed_forward.\(part)_proj"] = ["ffn_\(part)"]
            table["mlp.experts.\(part)_proj"] = ["ffn_\(part)_exps"]
            table["mlp.shared_expert.\(part)_proj"] = ["ffn_\(part)_shexp"]
            table["mlp.shared_experts.\(part)_proj"] = ["ffn_\(part)_shexp"]
        }
        return table
    }()
}
