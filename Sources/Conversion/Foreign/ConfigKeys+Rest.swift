import Formats

/// Families of small numbers of models, whose rules are in none of the other files.
extension ConfigKeys {
    /// The names in GGUF of these families, sorted.
    static let restFamilies = [
        "deepseek2-ocr", "granite_swa", "grok", "hunyuan_vl", "jais", "jamba", "kimi-linear", "maple",
        "mimo2", "muse-glimmer",
        "plamo", "plamo2", "plamo3", "spark2_5", "step35", "talkie",
    ]

    private static let geluAlone = ForeignRow(
        ["hidden_act"], .only(["gelu"], "llama.cpp computes this family with gelu"))

    /// The rules that only some families have, which come before those of all.
    /// - Parameter architecture: the family's name in GGUF.
    static func restFamily(_ architecture: String) -> [ForeignRow] {
        switch architecture {
        case "spark2_5":
            [
                geluAlone, rotations,
                ForeignRow(["gate_attn_act_mode"], .read("the gates behind attention")),
                ForeignRow(["headwise_attn_output_gate"], .read("the gates behind attention"), .flag),
            ] + windows
        case "maple":
            [
                silu, rotations, partHeads,
                ForeignRow(
                    ["nope_on_global_attention"], .read("which layers rotate: those with a window"), .flag),
                ForeignRow(
                    ["norm_topk_prob"], .only([true], "llama.cpp scales this family's chosen experts to 1"),
                    .flag),
                ForeignRow(["num_shared_experts"], .only([0], "llama.cpp has none for this family")),
            ] + windows + manyExperts + sharesExperts
        case "talkie": plain
        case "jais": jais
        case "granite_swa":
            plain + windows + [
                ForeignRow(
                    [
                        "attention_multiplier", "embedding_multiplier", "residual_multiplier",
                        "logits_scaling",
                    ], .read("the factors of scores, embeddings, residuals and the output"), .number),
                ForeignRow(["no_rope_layers"], .read("which layers rotate")),
                ForeignRow(["no_rope_layer_interval"], .ignored("no_rope_layers states it")),
                ForeignRow(["layer_rope_theta"], .related(.oneBase)),
                ForeignRow(["shared_intermediate_size"], .read("sizes of experts"), .number),
                ForeignRow(
                    ["position_embedding_type"], .only(["rope"], "llama.cpp rotates queries and keys")),
            ]
        case "hunyuan_vl":
            plain + [
                ForeignRow(["eod_token_id"], .read("the end of an answer"), .number),
                ForeignRow(["eod_id"], .ignored("the same as eod_token_id")),
                ForeignRow(
                    [
                        "num_experts", "moe_topk", "num_shared_expert", "use_mixed_mlp_moe",
                        "moe_layer_num_skipped",
                    ],
                    .ignored("of experts, which these models do not have")),
                ForeignRow(
                    ["use_qk_norm"], .only([true], "llama.cpp's model of this family has such norms"), .flag),
                ForeignRow(
                    ["use_cla"], .only([false], "llama.cpp has keys and values in every layer"), .flag),
                ForeignRow(
                    [
                        "cla_share_factor", "norm_type", "attention_head_dim", "org_vocab_size",
                        "routed_scaling_factor",
                        "use_rotary_pos_emb", "text_start_id", "text_end_id", "im_newline_id", "mask_init_id",
                        "im_start_id", "im_end_id", "image_newline_id", "enable_lm_head_fp32",
                        "group_limited_greedy",
                    ],
                    .ignored("of parts that are left out, or of the program that trained it")),
            ]
        case "grok": grok
        case "jamba": jamba
        case "kimi-linear": kimiLinear
        case "mimo2": miMo
        case "step35": step
        case "muse-glimmer":
            plain + windows + [
                ForeignRow(
                    ["final_logit_softcapping", "output_multiplier", "qk_scale_factor"],
                    .read("the caps and factors of scores and output"), .number),
                ForeignRow(["use_qk_norm"], .only([true], "llama.cpp's model of this family has such norms")),
            ]
        case "plamo", "plamo2", "plamo3": [silu] + plamo
        case "deepseek2-ocr":
            plain + manyExperts + [
                ForeignRow(
                    ["q_lora_rank", "kv_lora_rank", "qk_nope_head_dim", "qk_rope_head_dim", "v_head_dim"],
                    .read("sizes, of which all but two are 0 in these models"), .number),
                ForeignRow(
                    ["use_mla"], .only([false], "llama.cpp has plain attention for this family"), .flag),
                ForeignRow(
                    ["moe_layer_freq"], .only([1], "llama.cpp has experts in every layer but the first")),
                ForeignRow(["sliding_window", "sliding_window_size"], .read("the window"), .number),
                ForeignRow(
                    [
                        "lm_head", "rm_head", "candidate_resolutions", "global_view_pos", "tile_tag",
                        "projector_config",
                    ], .ignored("of parts for pictures, which are left out")),
            ]
        default: lastFamily(architecture)
        }
    }

    private static let jais: [ForeignRow] = [
        ForeignRow(["activation_function"], .only(["swiglu"], "llama.cpp has gates of silu for this family")),
        ForeignRow(
            ["position_embedding_type"], .only(["alibi"], "llama.cpp has distances for this family")),
        ForeignRow(
            [
                "mup_embeddings_scale", "embeddings_scale", "mup_output_alpha", "mup_width_scale",
                "width_scale",
            ], .read("what embeddings and the output's weights are multiplied by"), .number),
        ForeignRow(
            ["mup_scale_qk_dot_by_d", "scale_qk_dot_by_d"], .warned([true], "llama.cpp divides scores so")),
        ForeignRow(["scale_attn_weights"], .only([true], "llama.cpp always scales scores")),
        ForeignRow(
            ["scale_attn_by_inverse_layer_idx"], .only([false], "llama.cpp scales all layers alike")),
        ForeignRow(["alibi_scaling"], .warned([], "a GGUF has no such scaling")),
    ]

    private static let grok: [ForeignRow] = [
        ForeignRow(["hidden_act"], .only(["gelu"], "llama.cpp computes this family with gelu")),
        rotations, wholeHeads,
        ForeignRow(
            [
                "attn_logit_softcapping", "router_logit_softcapping", "final_logit_softcapping",
                "attn_output_multiplier", "embedding_multiplier_scale", "output_multiplier_scale",
            ], .read("the caps and factors"), .number),
        ForeignRow(["attn_temperature_len"], .read("from which length on scores grow"), .number),
        ForeignRow(["moe_intermediate_size"], .read("sizes of experts"), .number),
        ForeignRow(["rope_type"], .read("the kind of rotation")),
        ForeignRow(
            ["scaling_factor", "extrapolation_factor", "attn_factor", "beta_fast", "beta_slow"],
            .read("for yarn"), .number),
        ForeignRow(["residual_moe"], .read("whether there are dense layers beside experts"), .flag),
        ForeignRow(
            ["router_temperature_scale", "router_score_activation", "max_attn_val", "use_fused_rope"],
            .ignored("how the program that trained it computes")),
    ]

    private static let jamba: [ForeignRow] =
        [
            silu,
            ForeignRow(
                [
                    "attn_layer_offset", "attn_layer_period", "expert_layer_offset", "expert_layer_period",
                ], .read("which layers have attention and experts"), .number),
            ForeignRow(
                ["mamba_d_conv", "mamba_d_state", "mamba_expand", "mamba_d_model"],
                .read("sizes of the layers with a state"), .number),
            ForeignRow(["mamba_dt_rank"], .read("sizes of the layers with a state")),
            ForeignRow(
                ["mamba_conv_bias"], .only([true], "llama.cpp's convolutions of this family have one"), .flag),
            ForeignRow(
                ["mamba_proj_bias"], .only([false], "llama.cpp's layers with a state have none"), .flag),
            ForeignRow(
                ["mamba_inner_layernorms"], .only([true], "llama.cpp's model of this family has such norms")),
            ForeignRow(
                [
                    "num_logits_to_keep", "use_mamba_kernels", "use_associative_scan", "use_mambapy",
                    "calc_logits_for_entire_prompt",
                ],
                .ignored("how a program computes, not what it computes")),
        ] + noWindow.prefix(1)

    private static let kimiLinear: [ForeignRow] =
        [
            silu, rotations,
            ForeignRow(
                ["q_lora_rank", "kv_lora_rank", "qk_nope_head_dim", "qk_rope_head_dim", "v_head_dim"],
                .read("sizes"), .number),
            ForeignRow(["linear_attn_config"], .read("the layers with a state, with keys of its own")),
            // What transformers 5 saves of the same.
            ForeignRow(
                ["layer_types", "linear_conv_kernel_dim", "linear_head_dim", "linear_num_heads"],
                .ignored("linear_attn_config states it")),
            ForeignRow(["mlp_layer_types"], .ignored("first_k_dense_replace states it, and the tensors")),
            ForeignRow(["qk_head_dim"], .ignored("the sum of two other sizes")),
            ForeignRow(["mla_use_nope"], .only([true], "llama.cpp rotates nothing in this family"), .flag),
            ForeignRow(
                ["moe_renormalize"], .only([true], "llama.cpp scales this family's chosen experts to 1"),
                .flag),
            ForeignRow(["num_expert_group"], .only([1], "llama.cpp has no groups here")),
            ForeignRow(["use_grouped_topk"], .ignored("with one group nothing is chosen by groups")),
            ForeignRow(["moe_layer_freq"], .only([1], "llama.cpp has experts in every layer but the first")),
        ] + manyExperts

    private static let miMo: [ForeignRow] =
        [
            silu, rotations, partHeads,
            ForeignRow(
                [
                    "v_head_dim", "swa_head_dim", "swa_v_head_dim", "swa_num_attention_heads",
                    "swa_num_key_value_heads",
                ], .read("the heads of layers with a window and without"), .number),
            ForeignRow(["hybrid_layer_pattern"], .read("which layers have a window")),
            ForeignRow(["layer_types"], .ignored("hybrid_layer_pattern states it")),
            ForeignRow(["mlp_layer_types"], .ignored("moe_layer_freq states it")),
            ForeignRow(["sliding_window"], .read("the window of some layers"), .number),
            ForeignRow(["moe_layer_freq"], .read("which layers have experts")),
            ForeignRow(["attention_value_scale"], .read("the factor of values"), .number),
            ForeignRow(
                ["add_swa_attention_sink_bias", "add_full_attention_sink_bias"],
                .read("whether tensors have to be there, which are what counts"), .flag),
            ForeignRow(
                ["topk_method"], .only(["noaux_tc"], "llama.cpp chooses this family's experts by a bias")),
            ForeignRow(
                ["sliding_window_size", "attention_chunk_size", "hybrid_block_size"],
                .ignored("sliding_window and hybrid_layer_pattern state it")),
            ForeignRow(["attention_projection_layout"], .ignored("the tensors' names state it")),
        ] + manyExperts

    private static let step: [ForeignRow] = [
        silu,
        ForeignRow(
            ["rope_theta"], .read("the bases of the rotations, of layers without a window and with one")),
        ForeignRow(
            ["partial_rotary_factors", "layer_types", "attention_other_setting"],
            .read("the heads, windows and rotations of each layer")),
        ForeignRow(["num_attention_groups"], .read("the heads"), .number),
        ForeignRow(["sliding_window"], .read("the window of some layers"), .number),
        ForeignRow(
            [
                "moe_num_experts", "moe_top_k", "moe_intermediate_size", "share_expert_dim",
                "share_expert_dims", "moe_router_scaling_factor", "moe_every_n_layer",
                "num_nextn_predict_layers",
            ], .read("the experts and how they are chosen"), .number),
        ForeignRow(["moe_layers_enum"], .read("which layers have experts")),
        ForeignRow(["norm_expert_weight"], .read("whether chosen experts are scaled to 1"), .flag),
        ForeignRow(["swiglu_limits", "swiglu_limits_shared"], .read("what gates are bounded by")),
        ForeignRow(
            ["use_moe_router_bias", "use_head_wise_attn_gate", "use_qk_norm"],
            .read("whether tensors have to be there, which are what counts"), .flag),
        ForeignRow(
            ["yarn_only_types"], .ignored("llama.cpp stretches rotations of layers without a window")),
        ForeignRow(
            [
                "need_fp32_gate", "sink", "zero_centered", "max_seq_len", "use_rope_layers", "model_dim",
                "use_mfa", "att_impl_type", "reorder_fp8",
            ], .ignored("how a program computes, or what tensors have")),
    ]

    private static let plamo: [ForeignRow] = [
        rotations, wholeHeads,
        ForeignRow(["rope_local_theta"], .read("the base of the rotations of layers with a window"), .number),
        ForeignRow(
            [
                "hidden_size_per_head", "mamba_d_state", "mamba_d_conv", "mamba_num_heads", "mamba_step",
            ], .read("sizes, and which layers have a state"), .number),
        ForeignRow(["mamba_enabled"], .read("which layers have a state"), .flag),
        ForeignRow(
            ["window_size", "sliding_window", "rope_scaling_factor", "initial_context_length"],
            .read("the window of some layers, and how far rotations are stretched"), .number),
        ForeignRow(["sliding_window_pattern", "layer_types"], .read("which layers have a window")),
        ForeignRow(
            [
                "attention_window_size", "full_attention_idx", "mamba_chunk_size", "linear_type",
                "eval_attention_n_bit",
                "eval_mlp_n_bit", "sparse_step", "sparse_intermediate_size", "shared_intermediate_size",
                "use_predefined_initial_state", "n_shared_head", "capacity_factor", "group_size",
            ], .ignored("of the program that trained it, or the same as others")),
    ]
}
