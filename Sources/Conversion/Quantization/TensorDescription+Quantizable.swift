import Formats
package import Tensors

extension TensorDescription {
    /// Whether llama-quantize quantizes the tensor at all: matrices of weights do, but for small or sensitive
    /// ones (llama-quant.cpp, `tensor_allows_quantization`).
    package func isQuantizable(in architecture: String) -> Bool {
        guard dimensionCount >= 2, name.hasUTF8Suffix("weight") else { return false }
        if Self.keptNames.contains(where: { name.hasSameBytes(as: $0) }) { return false }
        if Self.keptWords.contains(where: { name.containsUTF8($0) }) { return false }
        return !(architecture == "glm5-next" && Self.keptInGLM5.contains { name.containsUTF8($0) })
    }

    private static let keptNames = ["position_embd.weight", "token_types.weight"]

    private static let keptWords = [
        // Norms, and what routes a token to its experts.
        "_norm.weight", "ffn_gate_inp.weight", "ffn_gate_tid2eid.weight",
        // Gemma 3n's small matrices.
        "altup", "laurel", "per_layer_model_proj",
        // Convolutions of state space models.
        "ssm_conv1d", "shortconv.conv.weight",
        // MiniMax's indexer.
        "indexer.k_proj.weight", "indexer.q_proj.weight",
        // RWKV's small matrices.
        "time_mix_first.weight", "time_mix_w0.weight", "time_mix_w1.weight", "time_mix_w2.weight",
        "time_mix_v0.weight", "time_mix_v1.weight", "time_mix_v2.weight", "time_mix_a0.weight",
        "time_mix_a1.weight", "time_mix_a2.weight", "time_mix_g1.weight", "time_mix_g2.weight",
        "time_mix_decay_w1.weight", "time_mix_decay_w2.weight", "time_mix_lerp_fused.weight",
        // T5's relative positions.
        "attn_rel_b.weight",
        // Images and sound.
        ".position_embd", "sam.pos_embd", "sam.neck.", "sam.net_", ".rel_pos", ".patch_embd", ".patch_merger",
        "a.rvq.codebook", "mm.a.code_embd",
    ]

    private static let keptInGLM5 = [
        "hc_", "indexer.attn_q_b", "indexer.attn_k", "indexer.proj", "indexer_compressor_gate",
        "indexer_compressor_ape", "ssm_f_a.weight", "ssm_f_b.weight", "ssm_g_a.weight", "ssm_g_b.weight",
        "ssm_beta.weight", "attn_kv_a_mqa.weight", "attn_k_b.weight", "attn_v_b.weight",
    ]
}
