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
}
