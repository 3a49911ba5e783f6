import Formats

/// The keys of Gemma 4 and 3n, whose layers have inputs of their own.
extension ConfigKeys {
    private static let perLayerInputs = [
        ForeignRow(
            ["hidden_size_per_layer_input", "num_kv_shared_layers", "vocab_size_per_layer_input"],
            .read("sizes, and which layers have keys and values of their own"), .number),
        ForeignRow(
            ["final_logit_softcapping", "attn_logit_softcapping"], .read("the caps of scores and output"),
            .number),
        ForeignRow(
            [
                "audio_soft_tokens_per_image", "vision_soft_tokens_per_image", "boi_token_id", "eoi_token_id",
                "boa_token_id", "eoa_token_id", "boa_token_index", "eoa_token_index",
            ], .ignored("of parts for pictures and sound, which are left out")),
    ]

    /// Gemma 4 and the models that draft for it.
    static let gemma4: [ForeignRow] =
        [
            ForeignRow(
                ["use_bidirectional_attention"],
                .noted(
                    ["vision"], "llama.cpp lets tokens see those before them alone, but those of a picture"))
        ] + [gelu, rotations] + windows + perLayerInputs + [
            ForeignRow(
                ["global_head_dim", "num_global_key_value_heads", "per_layer_config"],
                .read("the heads of layers that see all")),
            ForeignRow(
                ["attention_k_eq_v", "enable_moe_block"], .read(tensorsDecide), .flag),
            ForeignRow(["use_double_wide_mlp"], .read("sizes"), .flag),
            ForeignRow(
                ["moe_intermediate_size", "expert_intermediate_size", "backbone_hidden_size"],
                .read("sizes"), .number),
            ForeignRow(
                ["use_ordered_embeddings", "num_centroids", "centroid_intermediate_top_k"],
                .ignored("of a table that is left out")),
        ]

    /// Gemma 3n.
    static let gemma3n: [ForeignRow] =
        [gelu, wholeHeads, rotations] + windows + perLayerInputs + [
            ForeignRow(
                ["altup_active_idx", "altup_num_inputs", "activation_sparsity_pattern"],
                .read("the streams, and how few activations count")),
            ForeignRow(["intermediate_size"], .read("sizes of each layer")),
            ForeignRow(["laurel_rank"], .read("sizes"), .number),
            ForeignRow(
                ["altup_correct_scale"], .only([true], "llama.cpp's model of this family scales it"), .flag),
            ForeignRow(["altup_coef_clip"], .ignored("only training uses it")),
        ]
}
