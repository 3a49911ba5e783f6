import Formats

/// What the tensors of a family of models are called in GGUF.
///
/// A name is looked up without its `.weight` or `.bias`, which is carried over, and with `*` in the place of the
/// first part that is a number, which is the block's.
package struct TensorNames: Sendable {
    /// What the tensors are in GGUF.
    var names: [ExactName: String]
    /// The names in the checkpoint of tensors that are parts of others in GGUF, or the other way round, by the whole
    /// name in GGUF.
    var parts: [ExactName: [String]] = [:]

    /// Takes pairs such as `"model.layers.*.self_attn.q_proj": "blk.*.attn_q"`.
    init(_ names: [ExactName: String]) { self.names = names }

    /// These names, and others; where both have one, the others'.
    func adding(_ others: [ExactName: String]) -> TensorNames {
        var result = self
        result.names.merge(others) { $1 }
        return result
    }

    /// Without the names of tensors that a family does not have.
    func without(_ others: [String]) -> TensorNames {
        var result = self
        result.names = names.filter { !others.containsExactly($0.key.text) }
        return result
    }

    /// The names in GGUF of a tensor; `nil` for one that is not known.
    subscript(name: String) -> String? {
        let (key, block) = Self.withoutBlock(name)
        for suffix in ["", ".weight", ".bias"] where key.hasUTF8Suffix(suffix) {
            let base = String(decoding: key.utf8.dropLast(suffix.utf8.count), as: UTF8.self)
            guard let found = names[base] else { continue }
            return found.split(separator: "*", omittingEmptySubsequences: false).joined(separator: block)
                + suffix
        }
        return nil
    }

    /// A tensor that gets only another name.
    /// - Throws: where it is not known.
    func renamed(
        _ name: String, _ value: TensorValue, _ architecture: String
    ) throws(ConversionError) -> ConvertedTensor {
        guard let inGGUF = self[name] else { throw ConversionError.unknownTensor(name, architecture) }
        return ConvertedTensor(inGGUF, value)
    }

    /// The number of the block that a tensor belongs to: the first part of its name that is a number.
    static func block(of name: String) -> Int? { Int(withoutBlock(name).block) }

    private static func withoutBlock(_ name: String) -> (key: String, block: String) {
        var parts = name.split(separator: ".", omittingEmptySubsequences: false)
        let place = parts.firstIndex { part in
            !part.isEmpty && part.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        }
        guard let place else { return (name, "") }
        let block = String(parts[place])
        parts[place] = "*"
        return (parts.joined(separator: "."), block)
    }

    /// The names of Llama's tensors, which most families begin from.
    static let llama: TensorNames = {
        var names: [ExactName: String] = [
            "model.embed_tokens": "token_embd", "embed_tokens": "token_embd", "lm_head": "output",
            "model.norm": "output_norm", "norm": "output_norm",
            "model.layers.*.mlp.gate": "blk.*.ffn_gate_inp",
        ]
        for (name, inGGUF) in [
            "input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
            "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
            "post_attention_layernorm": "ffn_norm", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
            "mlp.down_proj": "ffn_down", "mlp.experts.gate_proj": "ffn_gate_exps",
            "mlp.experts.up_proj": "ffn_up_exps", "mlp.experts.down_proj": "ffn_down_exps",
        ] {
            names["model.layers.*.\(name)"] = "blk.*.\(inGGUF)"
            names["layers.*.\(name)"] = "blk.*.\(inGGUF)"
        }
        return TensorNames(names)
    }()

    /// The layers behind attention that families of nothing but experts do not have.
    static let denseLayers = ["gate_proj", "up_proj", "down_proj"].flatMap {
        ["model.layers.*.mlp.\($0)", "layers.*.mlp.\($0)"]
    }

    /// The names of the norms of every head's queries and keys, which only some families have.
    static let headNorms: [ExactName: String] = [
        "model.layers.*.self_attn.q_norm": "blk.*.attn_q_norm",
        "model.layers.*.self_attn.k_norm": "blk.*.attn_k_norm",
        "layers.*.self_attn.q_norm": "blk.*.attn_q_norm",
        "layers.*.self_attn.k_norm": "blk.*.attn_k_norm",
    ]

    /// The names of a block's router and stacks of experts as Mixtral has them.
    static let mixtralExperts: [ExactName: String] = [
        "model.layers.*.block_sparse_moe.gate": "blk.*.ffn_gate_inp",
        "model.layers.*.block_sparse_moe.experts.w1": "blk.*.ffn_gate_exps",
        "model.layers.*.block_sparse_moe.experts.w2": "blk.*.ffn_down_exps",
        "model.layers.*.block_sparse_moe.experts.w3": "blk.*.ffn_up_exps",
    ]

    /// The names of the experts that see every token, in the number of some.
    static let sharedExperts: [ExactName: String] = [
        "model.layers.*.mlp.shared_experts.gate_proj": "blk.*.ffn_gate_shexp",
        "model.layers.*.mlp.shared_experts.up_proj": "blk.*.ffn_up_shexp",
        "model.layers.*.mlp.shared_experts.down_proj": "blk.*.ffn_down_shexp",
    ]

    /// The names of what a block has that predicts more than one token ahead.
    static let prediction: [ExactName: String] = [
        "model.layers.*.eh_proj": "blk.*.nextn.eh_proj",
        "model.layers.*.embed_tokens": "blk.*.nextn.embed_tokens",
        "model.layers.*.enorm": "blk.*.nextn.enorm", "model.layers.*.hnorm": "blk.*.nextn.hnorm",
        "model.layers.*.shared_head.head": "blk.*.nextn.shared_head_head",
        "model.layers.*.shared_head.norm": "blk.*.nextn.shared_head_norm",
    ]
}
