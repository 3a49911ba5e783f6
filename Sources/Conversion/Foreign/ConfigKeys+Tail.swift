import Formats

/// Families whose rules are in none of the files beside this one.
extension ConfigKeys {
    /// For families of which some models have blocks that predict further tokens.
    static let prediction = ForeignRow(
        ["num_nextn_predict_layers", "mtp_share_layers", "mtp_loss_weight"],
        .read("how many blocks behind the last are written"))
    /// Why a key is read for its presence alone.
    static let tensorsDecide = "whether tensors have to be there, which are what counts"
    /// The heads' windows, by the kind of each layer.
    static let windows = [
        ownWindow, ForeignRow(["layer_types"], .read("which layers have a window")),
    ]
    private static let shortVectors = ForeignRow(
        ["q_lora_rank", "kv_lora_rank", "qk_nope_head_dim", "qk_rope_head_dim", "v_head_dim"],
        .read("sizes"),
        .number)
    /// What many families share: SiLU, rotations, and heads that share the width evenly.
    static let plain = [silu, rotations, wholeHeads]
    private static let relu2 = [squaredReLU, rotations, wholeHeads]
    private static let masks = [
        ForeignRow(["mask_token_id"], .read("the token that is filled in"))
    ]

    /// The rules that only some families have, which come before those of all.
    /// - Parameter architecture: the family's name in GGUF.
    static func tailFamily(_ architecture: String) -> [ForeignRow] {
        switch architecture {
        case "gemma4", "gemma4-assistant": gemma4
        case "gemma3n": gemma3n
        case "t5", "t5encoder": t5
        case "llama4": llama4
        case "orion", "maincoder", "pangu-embedded", "xverse", "paddleocr": plain
        case "apertus":
            [
                rotations, wholeHeads,
                ForeignRow(["hidden_act"], .only(["xielu"], "llama.cpp computes this family with xielu")),
            ]
        case "deci":
            plain + [
                ForeignRow(
                    ["block_configs", "num_key_value_heads_per_layer"],
                    .read("the heads and sizes of each layer"))
            ] + noWindow
        case "exaone-moe":
            plain + windows + manyExperts + [
                ForeignRow(
                    ["sliding_window_pattern", "is_moe_layer", "mlp_layer_types"],
                    .read("which layers differ")),
                ForeignRow(
                    ["first_last_k_dense_replace"], .read("the experts and how they are chosen"), .number),
                ForeignRow(
                    ["mtp_share_layers", "mtp_loss_weight"], .ignored("blocks are written as they are stored")
                ),
            ]
        case "mpt":
            [
                ForeignRow(["d_model", "max_seq_len"], .read("sizes"), .number),
                ForeignRow(["attn_config"], .read("attention, with keys of its own")),
                ForeignRow(["no_bias"], .read(tensorsDecide), .flag),
                ForeignRow(
                    ["expansion_ratio"], .only([4], "llama.cpp has four times the width behind attention")),
                ForeignRow(["learned_pos_emb"], .ignored("only without alibi")),
                ForeignRow(["logit_scale"], .only([], "GGUF has no such factor for this family")),
                ForeignRow(["embedding_fraction"], .ignored("only training uses it")),
                ForeignRow(
                    ["init_device", "init_config", "verbose", "norm_type", "loss_fn"],
                    .ignored("how a program computes, not what it computes")),
            ]
        case "arctic":
            plain + noWindow.prefix(1) + [
                ForeignRow(
                    ["parallel_attn_mlp_res"], .only([true], "llama.cpp has both beside one another"), .flag),
                ForeignRow(
                    ["use_residual"], .only([true], "llama.cpp has dense layers beside experts"), .flag),
                ForeignRow(["moe_layer_frequency"], .only([1], "llama.cpp has experts in every layer")),
                ForeignRow(
                    [
                        "enable_expert_tensor_parallelism", "moe_eval_capacity_factor", "moe_min_capacity",
                        "moe_token_dropping", "moe_train_capacity_factor", "quantization",
                    ], .ignored("how a program computes, not what it computes")),
            ]
        case "chameleon":
            plain + [
                ForeignRow(["swin_norm"], .read("whether norms are behind attention and layers"), .flag),
                ForeignRow(
                    ["vq_config", "vocabulary_map", "model_parallel_size"],
                    .ignored("of parts for pictures, which are left out")),
            ]
        case "starcoder": gpt(gelu)
        case "codeshell":
            gpt(gelu) + [
                fixedRotations, ForeignRow(["num_query_groups"], .read("the heads"), .number),
                ForeignRow(
                    ["group_query_attention"], .only([true], "llama.cpp takes groups of heads"), .flag),
                ForeignRow(
                    ["position_embedding_type"], .only(["rope"], "llama.cpp rotates queries and keys")),
            ]
        case "refact":
            gpt(
                ForeignRow(
                    ["activation_function"], .only(["silu"], "llama.cpp computes this family with silu")))
        case "dbrx": dbrx
        case "deepseek": plain + manyExperts + noWindow.prefix(1)
        case "dots1": plain + manyExperts + noWindow
        case "jais2", "plm": relu2 + (architecture == "plm" ? [shortVectors] : [])
        case "minicpm3":
            plain + [
                shortVectors,
                ForeignRow(["scale_emb"], .only([12], "llama.cpp takes 12 for this family")),
                ForeignRow(["scale_depth"], .only([.number(1.4)], "llama.cpp takes 1.4 for this family")),
                ForeignRow(["dim_model_base"], .only([256], "llama.cpp takes 256 for this family")),
                ForeignRow(["qk_head_dim"], .ignored("the sum of two other sizes")),
            ]
        case "mellum":
            plain + windows + manyExperts + [askedForWindow] + sharesExperts + [
                ForeignRow(["mlp_layer_types"], .related(.all("sparse")))
            ]
        case "nanbeige":
            plain + noWindow + [
                ForeignRow(["num_loops"], .read("how often its layers are gone through"), .number),
                ForeignRow(
                    ["skip_loop_final_norm"], .read("whether a norm is behind each time"), .flag),
            ]
        case "afmoe":
            plain + windows + manyExperts + [
                ForeignRow(["route_norm"], .read("whether chosen experts are scaled to 1"), .flag),
                ForeignRow(["route_scale"], .read("the experts and how they are chosen"), .number),
                ForeignRow(
                    ["mup_enabled"], .only([true], "llama.cpp scales this family's embeddings"), .flag),
                ForeignRow(
                    ["global_attn_every_n_layers"], .warned([4], "llama.cpp lets each fourth layer see all")),
                ForeignRow(
                    ["num_expert_groups", "num_limited_groups"], .only([1], "llama.cpp has no groups here")),
                ForeignRow(["load_balance_coeff"], .ignored("only training uses it")),
            ]
        case "bailingmoe":
            plain + manyExperts + [
                ForeignRow(
                    ["norm_head"],
                    .only([false], "the output's weights are divided by their norms, which is not done"),
                    .flag),
                ForeignRow(["embedding_dropout", "output_dropout"], .ignored("only training uses it")),
                ForeignRow(
                    ["multi_gate"], .only([false], "llama.cpp has one router"), .flag),
                ForeignRow(
                    ["max_window_layers", "norm_softmax"], .ignored("the models' own class does not use it")),
            ]
        case "grovemoe": plain + sharesExperts + askedWindow + [norms]
        case "rnd1": plain + sharesExperts + askedWindow + masks + [norms]
        case "smallthinker": plain + smallThinker
        case "llada":
            plain + masks + [
                ForeignRow(
                    ["d_model", "mlp_hidden_size", "embedding_size", "mlp_ratio"], .read("sizes"), .number),
                ForeignRow(
                    ["weight_tying"], .read("whether the output's weights have to be there"), .flag),
                ForeignRow(["block_type"], .only(["llama"], "llama.cpp has Llama's blocks for this family")),
                ForeignRow(["activation_type"], .only(["silu"], "llama.cpp computes this family with silu")),
                ForeignRow(["layer_norm_type"], .only(["rms"], "llama.cpp has RMSNorm for this family")),
                ForeignRow(["alibi"], .only([false], "llama.cpp has rotations for this family")),
                ForeignRow(["rope"], .only([true], "llama.cpp has rotations for this family")),
                ForeignRow(
                    ["include_bias", "include_qkv_bias", "bias_for_layer_norm"], .read(tensorsDecide)),
                ForeignRow(
                    [
                        "alibi_bias_max", "attention_layer_norm", "attention_layer_norm_with_affine",
                        "block_group_size", "init_cutoff_factor", "init_device", "init_fn",
                        "layer_norm_with_affine", "multi_query_attention", "precision", "rope_full_precision",
                    ], .ignored("how the program that trained it computes")),
                ForeignRow(
                    ["input_emb_norm", "scale_logits"],
                    .only([false], "llama.cpp scales neither embeddings nor logits of this family")),
            ]
        case "llada-moe":
            plain + masks + [
                norms,
                ForeignRow(
                    [
                        "expert_intermediate_size", "dense_intermediate_size",
                        "shared_expert_intermediate_size",
                    ],
                    .read("sizes of experts"), .number),
                ForeignRow(["moe_layer_freq"], .only([[]], "llama.cpp has experts in every layer")),
                ForeignRow(["clip_qkv"], .warned([], "a GGUF of this family has no such bound")),
                ForeignRow(
                    ["norm_topk_prob", "moe_router_score_function", "moe_router_topk_scaling_factor"],
                    .ignored("llama.cpp weighs this family's experts in one way")),
            ]
        case "dream": plain + masks + askedWindow
        case "cohere2moe": plain + windows + manyExperts + cohere2Moe
        case "hrm_text":
            plain + [
                ForeignRow(
                    ["H_cycles", "L_cycles", "num_layers_per_stack"],
                    .read("how often its layers are gone through"), .number),
                ForeignRow(["embedding_scale"], .read("the factor of the embeddings"), .number),
                ForeignRow(["L_bp_cycles"], .ignored("only training uses it")),
                ForeignRow(["prefix_lm"], .read("whether tokens see those behind them"), .flag),
            ]
        case "laguna": plain.dropLast() + windows + manyExperts + laguna
        case "hy_v3":
            plain + manyExperts + [
                norms, ForeignRow(["route_norm"], .read("whether chosen experts are scaled to 1"), .flag),
                ForeignRow(["router_scaling_factor"], .read("the experts and how they are chosen"), .number),
                ForeignRow(
                    ["expert_hidden_dim"], .ignored("the same as moe_intermediate_size")),
                ForeignRow(
                    ["enable_attention_fp32_softmax", "enable_lm_head_fp32", "enable_moe_fp32_combine"],
                    .ignored("how a program computes, not what it computes")),
                ForeignRow(
                    ["moe_router_enable_expert_bias"], .only([true], "llama.cpp chooses experts by it"), .flag
                ),
                ForeignRow(
                    ["moe_router_use_sigmoid"], .only([true], "llama.cpp weighs this family's experts by it")),
                ForeignRow(["mlp_layer_types"], .ignored("which layers have experts is seen in the tensors")),
            ]
        case "openelm": plain + openELM
        case "minimax-m3": miniMaxM3
        case "deepseek32", "glm-dsa":
            family("deepseek2") + [
                ForeignRow(
                    ["index_n_heads", "index_head_dim", "index_topk", "indexer_types"],
                    .read("what attention looks at")),
                ForeignRow(
                    [
                        "index_topk_freq", "index_topk_pattern", "index_skip_topk_offset",
                        "indexer_rope_interleave",
                    ],
                    .ignored("indexer_types states it")),
                ForeignRow(["layer_types"], .related(.all("indexed_attention"))),
            ]
        default: restFamily(architecture)
        }
    }

    private static let norms = ForeignRow(
        ["use_qk_norm", "qk_norm", "qk_layernorm"],
        .only([true], "llama.cpp's model of this family has such norms"))
    private static let askedForWindow = ForeignRow(
        ["use_sliding_window"], .read("whether there is a window"), .flag)

    private static func gpt(_ activation: ForeignRow) -> [ForeignRow] {
        [
            activation,
            ForeignRow(["multi_query"], .only([true], "llama.cpp has one head for keys and values"), .flag),
            ForeignRow(["scale_attn_weights"], .only([true], "llama.cpp always scales scores")),
            ForeignRow(
                ["scale_attn_by_inverse_layer_idx"], .only([false], "llama.cpp scales all layers alike")),
            ForeignRow(
                [
                    "inference_runner", "max_batch_size", "pad_key_length",
                    "pre_allocate_kv_cache",
                    "validate_runner_input", "attention_bias_in_fp32",
                ],
                .ignored("how a program computes, not what it computes")),
        ]
    }

    private static let t5: [ForeignRow] = [
        ForeignRow(
            ["d_model", "d_ff", "d_kv", "num_heads", "num_decoder_layers"], .read("sizes"), .number),
        ForeignRow(
            ["relative_attention_num_buckets"], .read("how distances are counted"), .number),
        ForeignRow(
            ["relative_attention_max_distance"],
            .only([128], "llama.cpp counts this family's distances up to 128")),
        ForeignRow(
            ["feed_forward_proj"],
            .only(
                ["relu", "gated-gelu", "gated-gelu_new"],
                "llama.cpp has relu, or gates of gelu, for this family")),
        ForeignRow(
            ["dense_act_fn", "is_gated_act"], .ignored("feed_forward_proj states it")),
        ForeignRow(
            ["scale_decoder_outputs"],
            .noted(
                [false],
                "llama.cpp does not scale what goes into the output: the order of tokens is the same, their "
                    + "probabilities are more unequal")),
        ForeignRow(["is_encoder_decoder"], .read("there are two stacks of layers")),
        ForeignRow(["decoder_start_token_id"], .read("the token that an answer begins with")),
        ForeignRow(["dropout_rate"], .ignored("only training uses it")),
        ForeignRow(["scalable_attention"], .ignored("of the program that trained it")),
    ]

    private static let llama4: [ForeignRow] =
        plain + [
            ForeignRow(["interleave_moe_layer_step"], .read("which layers have experts"), .number),
            ForeignRow(["moe_layers"], .ignored("interleave_moe_layer_step states it")),
            ForeignRow(["intermediate_size_mlp"], .read("sizes"), .number),
            ForeignRow(["layer_types"], .read("whether any layer sees chunks")),
            ForeignRow(["no_rope_layers"], .related(.rotations(period: 4))),
            ForeignRow(
                ["no_rope_layer_interval"], .warned([4], "llama.cpp leaves out each fourth layer")),
            ForeignRow(
                ["attention_chunk_size"], .warned([8192], "llama.cpp cuts texts into chunks of 8192")),
            ForeignRow(
                ["attn_temperature_tuning"],
                .warned([true, 1, 4], "llama.cpp scales queries in long texts of this family")),
            ForeignRow(["attn_scale"], .warned([.number(0.1)], "llama.cpp takes 0.1 for this family")),
            ForeignRow(["floor_scale"], .warned([8192], "llama.cpp takes 8192 for this family")),
            ForeignRow(
                ["for_llm_compressor", "image_token_index", "boi_token_index", "eoi_token_index"],
                .ignored("of parts for pictures, which are left out")),
            ForeignRow(
                ["cache_implementation", "attn_temperature_scale"],
                .ignored("how a program computes, not what it computes")),
        ]

    private static let dbrx: [ForeignRow] = [
        ForeignRow(["d_model", "max_seq_len"], .read("sizes"), .number),
        ForeignRow(["attn_config", "ffn_config"], .read("attention and experts, with keys of their own")),
    ]

    private static let smallThinker: [ForeignRow] = [
        ForeignRow(
            [
                "moe_num_primary_experts", "moe_num_active_primary_experts", "moe_ffn_hidden_size",
                "moe_primary_router_apply_softmax",
            ], .read("the experts and how they are chosen")),
        ForeignRow(["sliding_window_layout", "sliding_window_size"], .read("the window of some layers")),
        ForeignRow(["rope_layout"], .related(.windowsRotate)),
        ForeignRow(
            ["norm_topk_prob"], .only([true], "llama.cpp scales this family's chosen experts to 1"), .flag),
        ForeignRow(["moe_enable_early_router"], .only([true], "llama.cpp chooses experts before attention")),
        ForeignRow(["moe_enable_secondary_experts"], .only([false], "llama.cpp has one kind of experts")),
        ForeignRow(["moe_layer_layout"], .ignored("which layers have experts is seen in the tensors")),
        ForeignRow(
            ["moe_secondary_expert_size", "moe_num_secondary_experts", "moe_shared_primary_experts"],
            .ignored("only with other experts")),
    ]

    private static let cohere2Moe: [ForeignRow] = [
        ForeignRow(["logit_scale"], .read("the factor of the output"), .number),
        ForeignRow(["mlp_layer_types"], .read("which layers have experts")),
        ForeignRow(
            ["shared_expert_combination_strategy"],
            .only(["average"], "llama.cpp averages this family's experts")),
        ForeignRow(
            ["_sliding_window_pattern", "sliding_window_pattern"], .ignored("layer_types states it")),
        ForeignRow(["prefix_dense_sliding_window_pattern"], .ignored("layer_types states it")),
    ]

    private static let laguna: [ForeignRow] = [
        norms, ForeignRow(["num_attention_heads_per_layer"], .read("the heads")),
        ForeignRow(["gating", "gating_types"], .read("the gates behind attention")),
        ForeignRow(["moe_routed_scaling_factor"], .read("the experts and how they are chosen"), .number),
        ForeignRow(["mlp_layer_types"], .read("which layers have experts")),
        ForeignRow(["shared_expert_intermediate_size"], .read("sizes of experts"), .number),
        ForeignRow(["partial_rotary_factor"], .ignored("rope_parameters state it")),
        ForeignRow(["decoder_sparse_step", "mlp_only_layers"], .ignored("mlp_layer_types states it")),
        ForeignRow(["moe_router_use_sigmoid"], .only([true], "llama.cpp weighs this family's experts by it")),
        ForeignRow(
            ["moe_apply_router_weight_on_input"],
            .only([false], "llama.cpp weighs what experts have computed")),
        ForeignRow(
            ["moe_router_logit_softcapping"], .only([0], "GGUF has no such cap")),
        ForeignRow(["swa_attention_sink_enabled"], .only([false], "llama.cpp has no sinks for this family")),
    ]

    private static let openELM: [ForeignRow] = [
        ForeignRow(
            [
                "model_dim", "num_transformer_layers", "max_context_length", "rope_freq_constant",
                "ffn_dim_divisor",
            ], .read("sizes and the base of the rotations"), .number),
        ForeignRow(
            ["num_query_heads", "num_kv_heads", "ffn_multipliers"], .read("sizes of each layer")),
        ForeignRow(
            ["qkv_multipliers", "num_gqa_groups", "rope_max_length"], .ignored("others state it")),
        ForeignRow(
            ["share_input_output_layers"], .only([true], "llama.cpp takes the embeddings for the output"),
            .flag),
        ForeignRow(
            ["normalize_qk_projections"], .only([true], "llama.cpp's model of this family has such norms"),
            .flag),
        ForeignRow(
            ["activation_fn_name"], .only(["swish", "silu"], "llama.cpp computes this family with silu")),
        ForeignRow(["ffn_with_glu"], .only([true], "llama.cpp has gates for this family"), .flag),
        ForeignRow(
            ["normalization_layer_name"], .only(["rms_norm"], "llama.cpp has RMSNorm for this family")),
    ]

    private static let miniMaxM3: [ForeignRow] =
        [
            ForeignRow(
                ["hidden_act"],
                .warned(
                    ["silu", "swiglu_oai", "swigluoai"], "llama.cpp has its own activation for this family")),
            rotations, ForeignRow(["rotary_dim"], .read("how much of a head is rotated"), .number),
            partHeads,
            ForeignRow(["sparse_attention_config"], .read("what attention looks at")),
            ForeignRow(["moe_layer_freq"], .read("which layers have experts")),
            ForeignRow(
                ["n_shared_experts", "routed_scaling_factor"], .read("the experts and how they are chosen"),
                .number),
            ForeignRow(
                ["qk_norm_type", "use_routing_bias"], .ignored("llama.cpp's model of this family has it")),
            ForeignRow(["swiglu_alpha"], .only([.number(1.702)], "llama.cpp takes 1.702")),
            ForeignRow(["swiglu_limit"], .only([7], "llama.cpp bounds this family's activations by 7")),
            ForeignRow(["use_gemma_norm"], .only([true], "1 is added to the norms' factors")),
            ForeignRow(
                [
                    "num_mtp_modules", "use_mtp", "mtp_transformer_layers", "shared_intermediate_size",
                    "projector_hidden_size",
                ], .ignored("of parts that are left out, or sizes that tensors have")),
        ] + [norms]
}
