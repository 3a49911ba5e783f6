import Formats

/// The shapes that some architectures have otherwise than most.
extension LoaderShapes {
    /// The shape of a tensor that the architecture has for itself; `nil` where it is as most have it.
    func own(_ base: String, _ block: Int) -> [Int?]? {
        switch sizes.architecture.text {
        case "chatglm", "glm4", "phi3", "modern-bert", "neo-bert", "plamo3":
            // Gates and values are one matrix.
            return base.hasSameBytes(as: "ffn_up.weight")
                ? [LoaderSizes.times(2, sizes.inner(block)), sizes.width] : nil
        case "jina-bert-v2":
            // With a gate inside or without.
            return base.hasUTF8Prefix("ffn_up.")
                ? [nil] + (base.hasUTF8Suffix("weight") ? [sizes.width] : [])
                : wideNorms(base, block)
        case "olmo2", "olmoe", "mpt", "minimax-m2": return wideNorms(base, block)
        case "command-r", "stablelm", "chameleon": return headNorms(base, block)
        case "deepseek2", "deepseek32", "glm-dsa", "minicpm3", "plm": return latent(base, block)
        case "mamba": return mamba(base)
        case "mamba2", "granitehybrid", "nemotron_h", "nemotron_h_moe", "falcon-h1": return mamba2(base)
        case "qwen3next", "qwen35", "qwen35moe", "qwen4exp": return hybrid(base, block)
        case "gemma3n", "gemma4", "gemma4-assistant": return gemma(base, block)
        case "lfm2", "lfm2moe":
            let outer = sizes.number("embedding_length_out")
            if base.hasSameBytes(as: "dense_2.weight") { return [outer, sizes.width] }
            return base.hasSameBytes(as: "dense_2.bias") ? [outer] : convolution(base)
        case "t5", "t5encoder": return relative(base, block)
        case "afmoe", "hrm_text":
            return base.hasSameBytes(as: "attn_gate.weight")
                ? [LoaderSizes.times(sizes.heads(block), sizes.keyLength(block)), sizes.width] : nil
        case "llama4":
            // One expert sees every token.
            guard base.containsUTF8("_shexp.") else { return nil }
            let shape = [sizes.expertInner, sizes.width]
            return base.hasUTF8Prefix("ffn_down") ? shape.reversed() : shape
        case "ernie4_5-moe":
            // As the checkpoint has it; llama.cpp counts no dimension of 1.
            return base.hasSameBytes(as: "exp_probs_b.bias") ? [1, sizes.number("expert_count")] : nil
        case "arctic":
            // Beside its experts a block has square matrices.
            let isDense = ["ffn_up.weight", "ffn_gate.weight", "ffn_down.weight"].containsExactly(base)
            return isDense ? [sizes.width, sizes.width] : nil
        case "dots1":
            // It has as many heads of keys and of values as of queries.
            return ["attn_k.weight", "attn_v.weight"].containsExactly(base)
                ? [LoaderSizes.times(sizes.heads(block), sizes.keyLength(block)), sizes.width] : nil
        case "minimax-m3": return indexed(base)
        case "minimax-01": return lightning(base, block)
        case "jamba":
            let rank = sizes.written("ssm.time_step_rank")
            if base.hasUTF8Prefix("ssm_dt_norm") { return [rank] }
            let isState = ["ssm_b_norm", "ssm_c_norm"].contains { base.hasUTF8Prefix($0) }
            return isState ? [sizes.written("ssm.state_size")] : mamba(base)
        case "plamo2": return plamo2(base, block)
        case "kimi-linear", "bailingmoe3", "glm5-next": return delta(base, block)
        case "wavtokenizer-dec": return sound(base)
        case "graniteswitch": return adapters(base, block)
        case "hy_v4", "dots3note": return gatedLatent(base, block)
        case "deepseek4": return compressed(base, block)
        case "rwkv6", "rwkv6qwen2", "rwkv7", "arwkv7": return recurrent(base, block)
        case "talkie": return isNorm(base, of: "q") ? [sizes.heads(block), 1] : nil
        case "grok":
            // The converter writes no width of the first one's experts.
            return base.containsUTF8("_exps.") ? [sizes.number("expert_count"), nil, nil] : nil
        case "granite_swa":
            return base.hasSameBytes(as: "ffn_up_shexp.weight")
                ? [LoaderSizes.times(2, sizes.sharedInner), sizes.width] : nil
        case "laguna": return base.hasSameBytes(as: "attn_gate.weight") ? [nil, sizes.width] : nil
        default: return nil
        }
    }

    /// Whether a tensor is the norm of queries ("q") or keys ("k"), or its bias.
    func isNorm(_ base: String, of part: String) -> Bool {
        base.hasSameBytes(as: "attn_\(part)_norm.weight") || base.hasSameBytes(as: "attn_\(part)_norm.bias")
    }

    /// Norms of all heads of queries and keys together.
    private func wideNorms(_ base: String, _ block: Int) -> [Int?]? {
        if isNorm(base, of: "q") { return [LoaderSizes.times(sizes.heads(block), sizes.keyLength(block))] }
        if isNorm(base, of: "k") { return [LoaderSizes.times(sizes.keyHeads(block), sizes.keyLength(block))] }
        return nil
    }

    /// Norms of queries and keys that each head has for itself.
    func headNorms(_ base: String, _ block: Int) -> [Int?]? {
        if isNorm(base, of: "q") { return [sizes.heads(block), sizes.keyLength(block)] }
        if isNorm(base, of: "k") { return [sizes.keyHeads(block), sizes.keyLength(block)] }
        return nil
    }

    /// Attention by way of a few numbers (MLA), with DeepSeek's index.
    func latent(_ base: String, _ block: Int) -> [Int?]? {
        let heads = sizes.heads(block)
        let (queryRank, rank) = (
            sizes.number("attention.q_lora_rank"), sizes.number("attention.kv_lora_rank")
        )
        let key = sizes.written("attention.key_length_mla") ?? sizes.written("attention.key_length")
        // MiniCPM 3's is not in the file.
        let value = sizes.written("attention.value_length_mla") ?? sizes.written("attention.value_length")
        let rotated = sizes.rotated
        let rest = key.flatMap { key in rotated.map { key - $0 } }
        switch base {
        case "attn_q.weight": return [LoaderSizes.times(heads, key), sizes.width]
        case "attn_q_a.weight": return [queryRank, sizes.width]
        case "attn_q_a.bias", "attn_q_a_norm.weight": return [queryRank]
        case "attn_q_b.weight": return [LoaderSizes.times(heads, key), queryRank]
        case "attn_kv_a_mqa.weight": return [LoaderSizes.sum(rank, rotated), sizes.width]
        case "attn_kv_a_mqa.bias": return [LoaderSizes.sum(rank, rotated)]
        case "attn_kv_a_norm.weight": return [rank]
        case "attn_kv_b.weight": return [LoaderSizes.times(heads, LoaderSizes.sum(rest, value)), rank]
        case "attn_k_b.weight": return [heads, rank, rest]
        case "attn_v_b.weight": return [heads, value, rank]
        case "attn_output.weight": return [sizes.width, LoaderSizes.times(heads, value)]
        case "rope_factors_long.weight", "rope_factors_short.weight": return [rotated.map { $0 / 2 }]
        default: return indexed(base)
        }
    }

    /// What chooses which tokens attention looks at.
    private func indexed(_ base: String) -> [Int?]? {
        guard base.hasUTF8Prefix("indexer.") else { return nil }
        let heads = sizes.number("attention.indexer.head_count")
        let length = sizes.number("attention.indexer.key_length")
        let queries = LoaderSizes.times(heads, length)
        switch base {
        case "indexer.q_proj.weight": return [queries, sizes.width]
        case "indexer.attn_q_b.weight": return [queries, sizes.number("attention.q_lora_rank")]
        case "indexer.k_proj.weight", "indexer.attn_k.weight": return [length, sizes.width]
        case "indexer.proj.weight": return [heads, sizes.width]
        default: return [length]
        }
    }

    /// Layers with a state, one for each element.
    private func mamba(_ base: String) -> [Int?]? {
        let (inner, state) = (sizes.written("ssm.inner_size"), sizes.number("ssm.state_size"))
        let rank = sizes.written("ssm.time_step_rank")
        switch base {
        case "ssm_in.weight": return [LoaderSizes.times(2, inner), sizes.width]
        case "ssm_conv1d.weight": return [inner, sizes.written("ssm.conv_kernel")]
        case "ssm_conv1d.bias", "ssm_dt.bias", "ssm_d": return [inner]
        case "ssm_x.weight": return [LoaderSizes.sum(rank, state, state), inner]
        case "ssm_dt.weight": return [inner, rank]
        case "ssm_a": return [inner, state]
        case "ssm_out.weight": return [sizes.width, inner]
        default: return nil
        }
    }

    /// Layers with a state, one for each head; Nemotron's experts may be of less than an embedding.
    private func mamba2(_ base: String) -> [Int?]? {
        let (inner, heads) = (sizes.written("ssm.inner_size"), sizes.written("ssm.time_step_rank"))
        let groups = sizes.written("ssm.group_count")
        let states = LoaderSizes.times(2, LoaderSizes.times(groups, sizes.written("ssm.state_size")))
        let count = sizes.number("expert_count")
        let narrow = sizes.number("moe_latent_size")
        let shared = sizes.number("expert_shared_feed_forward_length")
        switch base {
        case "ssm_in.weight": return [LoaderSizes.sum(inner, inner, states, heads), sizes.width]
        case "ssm_conv1d.weight":
            return [LoaderSizes.sum(inner, states), sizes.written("ssm.conv_kernel")]
        case "ssm_conv1d.bias": return [LoaderSizes.sum(inner, states)]
        case "ssm_dt.bias": return [heads]
        case "ssm_a", "ssm_d": return [heads, 1]
        case "ssm_norm.weight":
            return [groups, inner.flatMap { inner in groups.flatMap { $0 > 0 ? inner / $0 : nil } }]
        case "ssm_out.weight": return [sizes.width, inner]
        case "ffn_up_shexp.weight": return [shared, sizes.width]
        case "ffn_down_shexp.weight": return [sizes.width, shared]
        case "ffn_up_exps.weight" where narrow != nil: return [count, sizes.expertInner, narrow]
        case "ffn_down_exps.weight" where narrow != nil: return [count, narrow, sizes.expertInner]
        case "ffn_latent_down.weight": return [narrow, sizes.width]
        case "ffn_latent_up.weight": return [sizes.width, narrow]
        default: return nil
        }
    }

    /// Qwen's layers of linear attention, attention whose queries have gates, and streams of residuals.
    private func hybrid(_ base: String, _ block: Int) -> [Int?]? {
        let (length, keyHeads) = (sizes.written("ssm.state_size"), sizes.written("ssm.group_count"))
        let heads = sizes.written("ssm.time_step_rank")
        let (keys, values) = (LoaderSizes.times(length, keyHeads), LoaderSizes.times(length, heads))
        let queries = LoaderSizes.times(sizes.heads(block), sizes.keyLength(block))
        switch base {
        case "attn_q.weight": return [LoaderSizes.times(2, queries), sizes.width]
        case "attn_qkv.weight": return [LoaderSizes.sum(keys, keys, values), sizes.width]
        case "attn_gate.weight": return [values, sizes.width]
        case "ssm_conv1d.weight":
            return [LoaderSizes.sum(keys, keys, values), sizes.written("ssm.conv_kernel")]
        case "ssm_dt.bias", "ssm_a": return [heads]
        case "ssm_alpha.weight", "ssm_beta.weight": return [heads, sizes.width]
        case "ssm_ba.weight": return [LoaderSizes.times(2, heads), sizes.width]
        case "ssm_norm.weight": return [length]
        case "ssm_out.weight": return [sizes.width, values]
        default: return streams(base) ?? indexed(base)
        }
    }

    /// Several streams of residuals, and a table of embeddings for groups of tokens.
    private func streams(_ base: String) -> [Int?]? {
        let (count, rank) = (
            sizes.number("hyper_connection.count"), sizes.number("hyper_connection.low_rank")
        )
        let all = LoaderSizes.times(count, sizes.width)
        if base.hasUTF8Prefix("ple_") {
            switch base {
            case "ple_key.weight": return [all, sizes.width]
            case "ple_value.weight": return [sizes.width, sizes.width]
            case "ple_conv1d.weight": return [all, sizes.number("ple.conv_kernel")]
            default: return [all]
            }
        }
        guard base.hasUTF8Prefix("hc_") || base.hasUTF8Prefix("output_hc_") else { return nil }
        if base.hasUTF8Suffix("_norm.weight") { return [all] }
        if base.hasUTF8Suffix("_down.weight") { return [rank, all] }
        if base.hasUTF8Suffix("_up.weight") { return [all, rank] }
        return base.hasUTF8Suffix("_inject.weight") ? [count, all] : nil
    }

    /// Gemma's inputs for every layer, and streams that are predicted and corrected.
    private func gemma(_ base: String, _ block: Int) -> [Int?]? {
        let input = sizes.number("embedding_length_per_layer_input")
        let all = LoaderSizes.times(input, sizes.written("block_count"))
        let (count, outer) = (sizes.number("altup.num_inputs"), sizes.number("embedding_length_out"))
        switch base {
        case "per_layer_token_embd.weight": return [nil, all]
        case "per_layer_model_proj.weight": return [all, sizes.width]
        case "per_layer_proj_norm.weight": return [input]
        case "inp_gate.weight": return [input, sizes.width]
        case "proj.weight": return [sizes.width, input]
        case "altup_proj.weight", "altup_unembd_proj.weight":
            return [count.map { $0 - 1 }, sizes.width, sizes.width]
        case "altup_correct_coef.weight": return [count, count]
        case "altup_correct_scale.weight": return [sizes.width]
        case "altup_predict_coef.weight": return [LoaderSizes.times(count, count), count]
        case "altup_router.weight": return [count, sizes.width]
        case "laurel_l.weight": return [nil, sizes.width]
        case "laurel_r.weight": return [sizes.width, nil]
        case "ffn_gate_inp.scale": return [sizes.width]
        case "ffn_down_exps.scale": return [sizes.number("expert_count")]
        case "nextn.pre_projection.weight": return [sizes.width, LoaderSizes.times(2, outer)]
        case "nextn.post_projection.weight": return [outer, sizes.width]
        default: return nil
        }
    }

    /// LFM 2's short convolutions.
    private func convolution(_ base: String) -> [Int?]? {
        switch base {
        case "shortconv.conv.weight": return [sizes.width, sizes.written("shortconv.l_cache")]
        case "shortconv.in_proj.weight": return [LoaderSizes.times(3, sizes.width), sizes.width]
        case "shortconv.out_proj.weight": return [sizes.width, sizes.width]
        default: return nil
        }
    }

    /// T5's halves, whose positions are relative.
    private func relative(_ base: String, _ block: Int) -> [Int?]? {
        let all = LoaderSizes.times(sizes.heads(block), sizes.keyLength(block))
        if base.hasUTF8Suffix("attn_rel_b.weight") { return [nil, sizes.heads(block)] }
        if base.hasUTF8Suffix("attn_o.weight") { return [sizes.width, all] }
        let isInput = ["attn_q.weight", "attn_k.weight", "attn_v.weight"].contains { base.hasUTF8Suffix($0) }
        return isInput ? [all, sizes.width] : nil
    }
}
