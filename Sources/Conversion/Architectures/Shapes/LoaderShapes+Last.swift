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
}
