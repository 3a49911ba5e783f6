import Formats

/// Families most of whose layers have a state in the place of attention.
extension ConfigKeys {
    /// The names in GGUF of these families, sorted.
    static let stateFamilies = [
        "falcon-h1", "granitehybrid", "mamba", "mamba2", "nemotron_h", "nemotron_h_moe", "qwen35",
        "qwen35moe",
        "qwen3next", "qwen4exp",
    ]

    private static let deltaNet = [
        silu, rotations, partHeads,
        ForeignRow(
            [
                "linear_conv_kernel_dim", "linear_key_head_dim", "linear_value_head_dim",
                "linear_num_key_heads", "linear_num_value_heads",
            ], .read("sizes of the layers with a state"), .number),
        ForeignRow(["layer_types"], .read("which layers have attention")),
        ForeignRow(["full_attention_interval"], .read("which layers have attention"), .number),
        ForeignRow(["attn_output_gate"], .only([true], "llama.cpp has gates behind this family's attention")),
        ForeignRow(
            ["mtp_num_hidden_layers"], .read("the blocks that predict more than one token ahead"), .number),
        ForeignRow(
            ["mtp_use_dedicated_embeddings"],
            .only([false], "llama.cpp takes the model's own embeddings for what it predicts ahead")),
        ForeignRow(["mamba_ssm_dtype"], .ignored("how a program loads the model and computes")),
        ForeignRow(["output_gate_type"], .ignored("how a program computes the gates that it has")),
    ]
    private static let deltaNetExperts =
        [
            ForeignRow(
                ["norm_topk_prob"], .warned([true], "llama.cpp scales this family's chosen experts to 1"))
        ] + sharesExperts

    private static let streamsAndTables = [
        ForeignRow(
            ["hc_count", "hc_lowrank"], .read("the streams of residuals, and how they are mixed"), .number),
        ForeignRow(
            ["indexer_n_heads", "indexer_head_dim", "indexer_budget", "indexer_compress_ratio"],
            .read("the index by which attention chooses what it looks at"), .number),
        ForeignRow(["indexer_kv_heads"], .only([1], "llama.cpp has one head of keys in the index")),
        ForeignRow(["ple_layer_ids"], .read("which layers have embeddings for groups of tokens")),
        ForeignRow(
            ["ngram_size", "heads_per_ngram", "ple_conv_kernel_size", "split_ngram_parts"],
            .read("the table of embeddings for groups of tokens"), .number),
        ForeignRow(
            ["ple_embed_dim", "ngram_vocab_size_base", "make_ngram_vocab_size_divisible_by", "seed"],
            .ignored("the table's size and the numbers that find its rows are tensors")),
    ]

    private static let mambaAlone =
        [
            silu,
            ForeignRow(
                [
                    "d_model", "n_layer", "state_size", "d_state", "conv_kernel", "d_conv", "expand",
                    "d_inner",
                    "time_step_rank", "dt_rank", "pad_vocab_size_multiple",
                ], .read("sizes"), .number),
            ForeignRow(["use_associative_scan"], .ignored("how a program computes")),
            ForeignRow(["use_bias"], .only([false], "llama.cpp's layers of this family have none")),
            ForeignRow(
                ["use_conv_bias"], .only([true], "llama.cpp's convolutions of this family have one"), .flag),
            ForeignRow(["rms_norm"], .only([true], "llama.cpp has RMSNorm for this family")),
        ] + stepsOfTraining
    private static let stepsOfTraining = [
        ForeignRow(
            [
                "time_step_scale", "time_step_min", "time_step_max", "time_step_init_scheme",
                "time_step_floor",
                "rescale_prenorm_residual", "rescale_layer", "dt_init", "dt_max", "dt_min", "dt_scale",
                "z_loss_coefficient",
            ], .ignored("only training uses it")),
        ForeignRow(
            ["time_step_limit"],
            .warned(
                [[0, .number(.infinity)], [.number(0), .number(.infinity)]],
                "llama.cpp has no bounds of steps")),
        ForeignRow(
            [
                "residual_in_fp32", "fused_add_norm", "use_falcon_mambapy", "use_mambapy", "ssm_cfg",
                "mixer_rms_eps",
                "use_mamba_kernels", "num_logits_to_keep", "mamba_ssm_cache_dtype", "mamba_dt_rank",
            ], .ignored("how a program computes, not what it computes")),
    ]
    private static let rotatedByKind = [
        partHeads,
        ForeignRow(
            ["position_embedding_type"], .related(.rotationsBesideStates)),
    ]
    private static let mambaHeads =
        [
            ForeignRow(
                [
                    "num_heads", "n_groups", "chunk_size", "mamba_num_heads", "mamba_head_dim",
                    "mamba_expand",
                    "ssm_state_size",
                ], .read("sizes of the layers with a state"), .number),
            ForeignRow(
                ["norm_before_gate", "mamba_norm_before_gate"],
                .only([true], "llama.cpp has the norm where the class has it by default")),
            ForeignRow(["hidden_activation"], .only(["silu"], "llama.cpp has silu in layers with a state")),
        ] + stepsOfTraining
    private static let mambaLayers =
        [
            ForeignRow(
                [
                    "mamba_n_heads", "mamba_d_head", "mamba_n_groups", "mamba_d_state", "mamba_d_conv",
                    "mamba_expand",
                    "mamba_chunk_size", "mamba_d_ssm",
                ], .read("sizes of the layers with a state")),
            ForeignRow(
                ["mamba_conv_bias"], .read("whether tensors have to be there, which are what counts"), .flag),
            ForeignRow(
                ["mamba_proj_bias", "projectors_bias"],
                .only([false], "llama.cpp's layers with a state have none")),
            ForeignRow(
                ["mamba_rms_norm"], .read("whether tensors have to be there, which are what counts"), .flag),
            ForeignRow(
                ["mamba_norm_before_gate"], .ignored("llama.cpp has the norm where the class has it")),
            ForeignRow(["mamba_use_mlp"], .only([true], "llama.cpp has a part behind every layer")),
            ForeignRow(
                [
                    "layer_types", "attn_layer_indices", "attn_layer_period", "attn_layer_offset",
                    "attn_rotary_emb",
                ],
                .read("which layers have attention")),
        ] + stepsOfTraining
    private static let gateOfFalcon = ForeignRow(
        ["mamba_norm_before_gate"],
        .noted([false], "matters with mamba_rms_norm alone: llama.cpp has the gate before the norm"))
    private static let factorsOfFalcon = ForeignRow(
        [
            "attention_in_multiplier", "attention_out_multiplier", "embedding_multiplier", "key_multiplier",
            "lm_head_multiplier", "mlp_multipliers", "mlp_expansion_factor", "ssm_in_multiplier",
            "ssm_multipliers",
            "ssm_out_multiplier",
        ], .read("factors that are in the weights"))
    private static let nemotron =
        [
            ForeignRow(["mamba_hidden_act", "hidden_act"], .only(["silu"], "llama.cpp has silu for Mamba")),
            ForeignRow(
                ["mlp_hidden_act", "moe_hidden_act"], .only(["relu2"], "llama.cpp has the square of relu")),
            rotations, partHeads,
            ForeignRow(
                [
                    "hybrid_override_pattern", "layers_block_type", "mtp_hybrid_override_pattern",
                    "block_configs",
                ],
                .read("what each block is")),
            ForeignRow(["mtp_layers_block_type", "mtp_block_configs"], .ignored("the tensors decide")),
            ForeignRow(
                ["attention_head_dim", "conv_kernel", "expand", "moe_latent_size"], .read("sizes")),
            ForeignRow(
                ["use_conv_bias"], .read("whether tensors have to be there, which are what counts"), .flag),
            ForeignRow(
                ["keep_mtp", "moe_shared_expert_overlap", "mamba_proj_bias"],
                .only([false, true], "of the program that trained it")),
        ] + noWindow.prefix(1) + manyExperts

    /// The rules that only some families have, which come before those of all.
    /// - Parameter architecture: the family's name in GGUF.
    static func stateFamily(_ architecture: String) -> [ForeignRow] {
        switch architecture {
        case "qwen3next", "qwen35moe": deltaNet + deltaNetExperts
        case "qwen35": deltaNet
        case "qwen4exp": deltaNet + deltaNetExperts + streamsAndTables
        case "mamba": mambaAlone
        case "mamba2": mambaAlone + mambaHeads
        case "granitehybrid": rotatedByKind + mambaLayers + widerFamily("granitemoe")
        case "falcon-h1": [silu, rotations, wholeHeads, factorsOfFalcon, gateOfFalcon] + mambaLayers
        case "nemotron_h", "nemotron_h_moe": nemotron + mambaHeads
        default: widerFamily(architecture)
        }
    }
}
