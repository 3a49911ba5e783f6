import Formats

/// The shapes that llama.cpp demands of tensors (`create_tensor` in src/models, 2026-11): it loads no file in which one
/// is of another.
///
/// A shape is as a checkpoint has it, outermost dimension first; a dimension that is not known is `nil`.
struct LoaderShapes: Sendable {
    /// The sizes of the file.
    let sizes: LoaderSizes

    /// The shape of a tensor; `nil` where nothing is known of it.
    /// - Parameter name: its name in GGUF.
    subscript(name: String) -> [Int?]? {
        var parts = name.split(separator: ".", omittingEmptySubsequences: false)
        // Those of T5's halves.
        if parts.first == "enc" || parts.first == "dec" { parts.removeFirst() }
        guard parts.first == "blk", parts.count > 2, let block = Int(parts[1]) else {
            return shape(parts.joined(separator: "."), 0)
        }
        return shape(parts.dropFirst(2).joined(separator: "."), block)
    }

    private func shape(_ base: String, _ block: Int) -> [Int?]? {
        own(base, block) ?? attention(base, block) ?? feedForward(base, block) ?? whole(base)
    }

    // MARK: What most architectures have

    private func whole(_ base: String) -> [Int?]? {
        let width = sizes.width
        switch base {
        case "token_embd.weight", "output.weight", "nextn.embed_tokens.weight",
            "nextn.shared_head_head.weight", "token_types.weight", "cls.weight", "cls.output.weight":
            return [nil, width]
        case "output.bias", "cls.bias", "cls.output.bias": return [nil]
        case "nextn.enorm.weight", "nextn.hnorm.weight", "nextn.shared_head_norm.weight", "cls.norm.weight",
            "hrm.z_l_init":
            return [width]
        case "position_embd.weight": return [sizes.written("context_length"), width]
        case "nextn.eh_proj.weight": return [width, LoaderSizes.times(2, width)]
        case "rope_freqs.weight", "rope_factors_long.weight", "rope_factors_short.weight":
            return [sizes.rotated.map { $0 / 2 }]
        case "layer_output_scale.weight": return [1]
        default: return isNorm(base) ? [width] : nil
        }
    }

    /// Whether a tensor is a norm of whole embeddings, as all are that an architecture has not for itself.
    private func isNorm(_ base: String) -> Bool {
        let parts = base.split(separator: ".").map(String.init)
        guard let name = parts.first, parts.count < 3,
            parts.count == 1 || ["weight", "bias"].contains(parts[1])
        else { return false }
        return ["_norm", "_norm_1", "_norm_2", "_norm_exps"].contains { name.hasUTF8Suffix($0) }
    }

    private func attention(_ base: String, _ block: Int) -> [Int?]? {
        let width = sizes.width
        let keyHeads = sizes.keyHeads(block)
        let queries = LoaderSizes.times(sizes.heads(block), sizes.keyLength(block))
        let keys = LoaderSizes.times(keyHeads, sizes.keyLength(block))
        let values = LoaderSizes.times(keyHeads, sizes.valueLength(block))
        switch base {
        case "attn_q.weight": return [queries, width]
        case "attn_k.weight": return [keys, width]
        case "attn_v.weight": return [values, width]
        case "attn_qkv.weight": return [LoaderSizes.sum(queries, keys, values), width]
        case "attn_q.bias": return [queries]
        case "attn_k.bias": return [keys]
        case "attn_v.bias": return [values]
        case "attn_qkv.bias": return [LoaderSizes.sum(queries, keys, values)]
        case "attn_output.weight":
            return [width, LoaderSizes.times(sizes.heads(block), sizes.valueLength(block))]
        case "attn_output.bias": return [width]
        case "attn_q_norm.weight", "attn_k_norm.weight", "attn_q_norm.bias", "attn_k_norm.bias":
            return [sizes.keyLength(block)]
        case "attn_sinks.weight": return [sizes.heads(block)]
        default: return nil
        }
    }

    private func feedForward(_ base: String, _ block: Int) -> [Int?]? {
        let (width, inner) = (sizes.width, sizes.inner(block))
        let (count, expert, shared) = (sizes.number("expert_count"), sizes.expertInner, sizes.sharedInner)
        switch base {
        case "ffn_up.weight", "ffn_gate.weight": return [inner, width]
        case "ffn_down.weight": return [width, inner]
        case "ffn_up.bias", "ffn_gate.bias": return [inner]
        case "ffn_down.bias": return [width]
        case "ffn_gate_inp.weight": return [count, width]
        case "ffn_gate_inp.bias", "exp_probs_b.bias", "exp_probs_b": return [count]
        case "ffn_up_exps.weight", "ffn_gate_exps.weight": return [count, expert, width]
        case "ffn_gate_up_exps.weight": return [count, LoaderSizes.times(2, expert), width]
        case "ffn_down_exps.weight": return [count, width, expert]
        case "ffn_up_exps.bias", "ffn_gate_exps.bias": return [count, expert]
        case "ffn_down_exps.bias": return [count, width]
        case "ffn_up_shexp.weight", "ffn_gate_shexp.weight": return [shared, width]
        case "ffn_down_shexp.weight": return [width, shared]
        case "ffn_gate_inp_shexp.weight": return [1, width]
        default: return nil
        }
    }
}
