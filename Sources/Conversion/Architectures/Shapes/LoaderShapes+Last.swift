import Formats

/// The shapes of architectures that came last.
extension LoaderShapes {
    /// RWKV's layers with a state.
    func recurrent(_ base: String, _ block: Int) -> [Int?]? {
        let width = sizes.width
        let inner = sizes.written("feed_forward_length")
        switch base {
        case "channel_mix_key.weight": return [inner, width]
        case "channel_mix_value.weight": return [width, inner]
        case "channel_mix_receptance.weight": return [width, width]
        default: break
        }
        guard base.hasUTF8Prefix("time_mix_") || base.hasUTF8Prefix("channel_mix_") else { return nil }
        return small(base, block) ?? [width]
    }

    private func small(_ base: String, _ block: Int) -> [Int?]? {
        let (width, head) = (sizes.width, sizes.written("wkv.head_size"))
        let (extra, decay) = (sizes.written("time_mix_extra_dim"), sizes.written("time_decay_extra_dim"))
        let isFirst = extra != nil
        func heads(_ count: Int?) -> Int? {
            // As many heads of keys and values as of receptances where none are written.
            guard let count, count > 0, let head, let width, width / max(head, 1) != count else {
                return width
            }
            return LoaderSizes.times(count, head)
        }
        func rank(_ name: String) -> Int? { sizes.written("attention.\(name)_lora_rank") }
        switch base {
        case "time_mix_lerp_fused.weight": return [nil, 1, 1, width]
        case "time_mix_first.weight":
            return [width.flatMap { width in head.flatMap { $0 > 0 ? width / $0 : nil } }, head]
        case "time_mix_w1.weight" where isFirst: return [LoaderSizes.times(5, extra), width]
        case "time_mix_w2.weight" where isFirst: return [5, width, extra]
        case "time_mix_decay_w1.weight": return [decay, width]
        case "time_mix_decay_w2.weight": return [width, decay]
        case "time_mix_w1.weight": return [rank("decay"), width]
        case "time_mix_w2.weight": return [width, rank("decay")]
        case "time_mix_a1.weight": return [rank("iclr"), width]
        case "time_mix_a2.weight": return [width, rank("iclr")]
        case "time_mix_v1.weight": return [rank(block == 0 ? "iclr" : "value_residual_mix"), width]
        case "time_mix_v2.weight": return [width, rank(block == 0 ? "iclr" : "value_residual_mix")]
        case "time_mix_g1.weight": return [rank("gate"), width]
        case "time_mix_g2.weight": return [width, rank("gate")]
        case "time_mix_key.weight", "time_mix_value.weight":
            return [heads(isFirst ? sizes.written("attention.head_count_kv") : nil), width]
        case "time_mix_key.bias", "time_mix_value.bias":
            return [heads(isFirst ? sizes.written("attention.head_count_kv") : nil)]
        case "time_mix_receptance.weight", "time_mix_gate.weight", "time_mix_output.weight":
            return [width, width]
        default: return nil
        }
    }

    /// MiniMax's attention with a state, which has as many keys and values as queries.
    func lightning(_ base: String, _ block: Int) -> [Int?]? {
        let all = LoaderSizes.times(sizes.heads(block), sizes.keyLength(block))
        switch base {
        case "attn_norm_2.weight": return [all]
        case "attn_qkv.weight": return [LoaderSizes.times(3, all), sizes.width]
        case "attn_gate.weight": return [all, sizes.width]
        default: return nil
        }
    }

    // MARK: A state beside latent attention

    /// The gated delta rule of Kimi Linear and Ling 3, beside attention by way of a few numbers.
    func delta(_ base: String, _ block: Int) -> [Int?]? {
        let (width, heads, head) = (sizes.width, sizes.heads(block), sizes.written("kda.head_dim"))
        let inner = LoaderSizes.times(heads, head)
        // Kimi's go through as many numbers as a head has.
        let isShort = sizes.architecture != "bailingmoe3"
        switch base {
        case "ssm_conv1d_q.weight", "ssm_conv1d_k.weight", "ssm_conv1d_v.weight":
            return [1, inner, 1, sizes.written("ssm.conv_kernel")]
        case "ssm_f_a.weight", "ssm_g_a.weight": return [isShort ? head : inner, width]
        case "ssm_f_b.weight", "ssm_g_b.weight": return [inner, head]
        case "ssm_beta.weight": return [heads, width]
        case "ssm_a":
            return sizes.architecture == "glm5-next" ? [heads] : isShort ? [1, 1, heads, 1] : [heads, 1]
        case "ssm_dt.bias": return [inner]
        case "ssm_norm.weight": return [head]
        case "attn_gate.weight": return [heads, width]
        case "attn_norm.weight": return [width]
        default: break
        }
        guard sizes.keyHeads(block) == 0 else {
            return pooled(base) ?? latent(base, block) ?? residuals(base)
        }
        switch base {
        case "attn_q.weight", "attn_k.weight", "attn_v.weight": return [inner, width]
        case "attn_output.weight": return [width, inner]
        default: return residuals(base)
        }
    }

    /// What makes one key of several for GLM's index.
    private func pooled(_ base: String) -> [Int?]? {
        let length = sizes.number("attention.indexer.key_length")
        switch base {
        case "indexer_compressor_gate.weight": return [length, sizes.width]
        case "indexer_compressor_ape.weight": return [sizes.number("attention.indexer.kpool"), length]
        default: return nil
        }
    }

    /// PLaMo 2's layers with a state, whose steps and factors come from a few numbers, and attention.
    func plamo2(_ base: String, _ block: Int) -> [Int?]? {
        let (width, inner) = (sizes.width, sizes.written("ssm.inner_size"))
        let (heads, state) = (sizes.written("ssm.time_step_rank"), sizes.written("ssm.state_size"))
        // As llama.cpp has it: a sixteenth of an embedding, 64 at least.
        let rank = width.map { max(64, $0 / 16) }
        switch base {
        case "ffn_up.weight": return [LoaderSizes.times(2, sizes.inner(block)), width]
        case "ssm_in.weight": return [LoaderSizes.times(2, inner), width]
        case "ssm_conv1d.weight": return [inner, sizes.written("ssm.conv_kernel")]
        case "ssm_x.weight": return [LoaderSizes.sum(rank, state, state), inner]
        case "ssm_dt.weight": return [heads, rank]
        case "ssm_dt.bias", "ssm_d": return [heads]
        case "ssm_a": return [heads]
        case "ssm_out.weight": return [width, inner]
        case "ssm_dt_norm": return [rank]
        case "ssm_b_norm", "ssm_c_norm": return [state]
        default: return headNorms(base, block)
        }
    }

    // MARK: Compressed keys

    /// DeepSeek V4's attention over compressed keys, and its streams of residuals.
    func compressed(_ base: String, _ block: Int) -> [Int?]? {
        let (width, heads, head) = (sizes.width, sizes.heads(0), sizes.written("attention.key_length"))
        let rank = sizes.number("attention.q_lora_rank")
        let (groups, outer) = (
            sizes.number("attention.output_group_count"), sizes.number("attention.output_lora_rank")
        )
        let all = LoaderSizes.times(heads, head)
        switch base {
        case "attn_sinks.weight": return [heads]
        case "attn_q_a.weight": return [rank, width]
        case "attn_q_a_norm.weight": return [rank]
        case "attn_q_b.weight": return [all, rank]
        case "attn_kv.weight": return [head, width]
        case "attn_kv_a_norm.weight", "attn_compressor_norm.weight": return [head]
        case "attn_output_a.weight":
            return [
                LoaderSizes.times(outer, groups),
                all.flatMap { all in groups.flatMap { $0 > 0 ? all / $0 : nil } },
            ]
        case "attn_output_b.weight": return [width, LoaderSizes.times(groups, outer)]
        case "ffn_gate_tid2eid.weight": return [nil, sizes.number("expert_used_count")]
        case "exp_probs_b_vl.bias": return [sizes.number("expert_count")]
        default: return compressor(base, block) ?? residuals(base)
        }
    }

    /// What makes one key of several, for attention and for the index; twice as much of those that are four.
    private func compressor(_ base: String, _ block: Int) -> [Int?]? {
        let ratio = sizes.number("attention.compress_ratios", block)
        let wide = LoaderSizes.times(ratio == 4 ? 2 : 1, sizes.written("attention.key_length"))
        let (heads, length) = (
            sizes.number("attention.indexer.head_count"), sizes.number("attention.indexer.key_length")
        )
        let twice = LoaderSizes.times(2, length)
        switch base {
        case "indexer.proj.weight": return [heads, sizes.width]
        case "indexer.attn_q_b.weight":
            return [LoaderSizes.times(heads, length), sizes.number("attention.q_lora_rank")]
        case "indexer_compressor_kv.weight", "indexer_compressor_gate.weight": return [twice, sizes.width]
        case "indexer_compressor_ape.weight": return [4, twice]
        case "indexer_compressor_norm.weight": return [length]
        case "attn_compressor_kv.weight", "attn_compressor_gate.weight": return [wide, sizes.width]
        case "attn_compressor_ape.weight": return [ratio, wide]
        default: return nil
        }
    }

    private func residuals(_ base: String) -> [Int?]? {
        let count = sizes.number("hyper_connection.count")
        let all = LoaderSizes.times(count, sizes.width)
        let mixed = LoaderSizes.times(count, count.map { $0 &+ 2 })
        switch base {
        case "output_hc_fn.weight": return [count, all]
        case "output_hc_base.weight": return [count]
        case "output_hc_scale.weight": return [1]
        case "hc_attn_fn.weight", "hc_ffn_fn.weight": return [mixed, all]
        case "hc_attn_base.weight", "hc_ffn_base.weight": return [mixed]
        case "hc_attn_scale.weight", "hc_ffn_scale.weight": return [3]
        default: return nil
        }
    }

    // MARK: Latent attention with gates

    /// Attention of Hy4, whose gates are as wide as values, and of dots3, which has two forms.
    func gatedLatent(_ base: String, _ block: Int) -> [Int?]? {
        let (width, heads) = (sizes.width, sizes.heads(block))
        let count = sizes.number("hyper_connection.count")
        let (all, twice) = (LoaderSizes.times(count, width), LoaderSizes.times(2, count))
        if sizes.architecture == "dots3note" {
            if base.hasSameBytes(as: "attn_gate.weight") { return [heads, width] }
            if base.hasSameBytes(as: "attn_k_norm.weight") { return [sizes.rotated] }
            return hasWindow(block) ? window(base, block) : latent(base, block)
        }
        switch base {
        case "attn_gate.weight":
            return [LoaderSizes.times(heads, sizes.written("attention.value_length_mla")), width]
        case "attn_sinks.weight": return [heads]
        case "hc_attn_fn.weight", "hc_ffn_fn.weight": return [twice, all]
        case "hc_attn_base.weight", "hc_ffn_base.weight": return [twice]
        case "hc_attn_scale.weight", "hc_ffn_scale.weight": return [2]
        default: return latent(base, block) ?? residuals(base)
        }
    }

    /// Whether a block's attention has a window, as that of a block behind the last.
    private func hasWindow(_ block: Int) -> Bool {
        sizes.number("attention.sliding_window_pattern", block) != 0
    }

    /// The form of latent attention that has a window.
    private func window(_ base: String, _ block: Int) -> [Int?]? {
        let (heads, rotated) = (sizes.heads(block), sizes.rotated)
        let rank = sizes.written("attention.kv_lora_rank_swa")
        let key = sizes.written("attention.key_length_mla_swa")
        let value = sizes.written("attention.value_length_mla_swa")
        switch base {
        case "attn_q_b.weight": return [LoaderSizes.times(heads, key), sizes.number("attention.q_lora_rank")]
        case "attn_kv_a_mqa.weight": return [LoaderSizes.sum(rank, rotated), sizes.width]
        case "attn_kv_a_norm.weight": return [rank]
        case "attn_k_b.weight": return [heads, rank, key.flatMap { key in rotated.map { key - $0 } }]
        case "attn_v_b.weight": return [heads, value, rank]
        case "attn_output.weight": return [sizes.width, LoaderSizes.times(heads, value)]
        default: return latent(base, block)
        }
    }

    // MARK: Others

    /// Granite's adapters, a stack for each layer.
    func adapters(_ base: String, _ block: Int) -> [Int?]? {
        let (rank, width) = (sizes.number("adapters.lora_rank"), sizes.width)
        let count = sizes.number("adapters.count").map { $0 &+ 1 }
        let heads = LoaderSizes.times(sizes.heads(block), sizes.keyLength(block))
        let keys = LoaderSizes.times(sizes.keyHeads(block), sizes.keyLength(block))
        let inner = sizes.inner(block)
        for (name, input, output) in [
            ("attn_q", width, heads), ("attn_k", width, keys), ("attn_v", width, keys),
            ("attn_output", heads, width),
            ("ffn_gate", width, inner), ("ffn_up", width, inner), ("ffn_down", inner, width),
        ] {
            if base.hasSameBytes(as: "\(name).lora_a") { return [count, rank, input] }
            if base.hasSameBytes(as: "\(name).lora_b") { return [count, output, rank] }
        }
        return nil
    }

    /// WavTokenizer's convolutions, whose biases have a second dimension.
    func sound(_ base: String) -> [Int?]? {
        let (input, inner) = (sizes.number("features_length"), sizes.number("feed_forward_length"))
        let (first, second) = (
            sizes.number("posnet.embedding_length"), sizes.number("convnext.embedding_length")
        )
        let parts = base.split(separator: ".").map(String.init)
        let end = parts.last ?? ""
        switch parts.first {
        case "token_embd": return [sizes.number("vocab_size"), input]
        case "token_embd_norm": return [first]
        case "output_norm": return [second]
        case "output": return end == "bias" ? [sizes.width] : [sizes.width, second]
        case "conv1d": return end == "bias" ? [first, 1] : [first, input, 7]
        case "posnet" where parts.count == 4:
            guard end == "weight", !parts[2].containsUTF8("norm") else { return [first, 1] }
            return [first, first, parts[2].hasUTF8Prefix("conv") ? 3 : 1]
        case "convnext" where parts.count == 4:
            switch parts[2] {
            case "dw": return end == "bias" ? [second, 1] : [second, 1, 7]
            case "pw1": return end == "bias" ? [inner] : [inner, second]
            case "pw2": return end == "bias" ? [second] : [second, inner]
            default: return [second]
            }
        default: return nil
        }
    }
}
