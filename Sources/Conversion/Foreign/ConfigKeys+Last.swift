import Formats

/// Families that came last, whose rules are in none of the other files.
extension ConfigKeys {
    /// The names in GGUF of these families, sorted.
    static let lastFamilies = [
        "arwkv7", "bailingmoe3", "deepseek4", "dots3note", "glm5-next", "graniteswitch", "hunyuan-moe",
        "hy_v4", "lfm2-audio", "rwkv6", "rwkv6qwen2", "rwkv7", "wavtokenizer-dec",
    ]

    /// The rules that only some families have, which come before those of all.
    /// - Parameter architecture: the family's name in GGUF.
    static func lastFamily(_ architecture: String) -> [ForeignRow] {
        switch architecture {
        case "hunyuan-moe": plain + hunyuanExperts
        case "bailingmoe3": [silu, rotations] + ling + manyExperts
        case "deepseek4": [silu, rotations] + deepSeek4 + manyExperts
        case "dots3note": family("deepseek2") + indexed + dots3
        case "glm5-next": family("deepseek2") + indexed + glm5
        case "graniteswitch": family("granitemoe") + switched
        case "wavtokenizer-dec": sound
        case "lfm2-audio":
            family("lfm2") + [
                ForeignRow(
                    ["sliding_window", "output_size"], .read("the window, and the size of what goes out"),
                    .number)
            ]
        case "hy_v4": family("deepseek2") + indexed + hunyuan4
        case "rwkv6", "rwkv7": world
        case "rwkv6qwen2", "arwkv7": [silu] + noWindow + stateOfQwen
        default: []
        }
    }

    private static let hunyuanExperts: [ForeignRow] = [
        ForeignRow(
            ["moe_intermediate_size", "moe_topk", "num_shared_expert"],
            .read("the experts and how they are chosen")),
        ForeignRow(
            ["norm_topk_prob"], .only([true], "llama.cpp scales this family's chosen experts to 1"), .flag),
        ForeignRow(
            ["use_mixed_mlp_moe"], .only([true], "llama.cpp's model of this family has shared experts"), .flag
        ),
        ForeignRow(["moe_layer_num_skipped"], .only([0], "llama.cpp has experts in every layer")),
        ForeignRow(["use_cla"], .only([false], "llama.cpp has keys and values in every layer"), .flag),
        ForeignRow(["use_mla"], .only([false], "llama.cpp has plain attention for this family"), .flag),
        ForeignRow(
            ["position_embedding_xdrope"], .only([false], "llama.cpp has one position for each token"), .flag),
        ForeignRow(["xdrope_section"], .only([], "llama.cpp has one position for each token")),
        ForeignRow(["routed_scaling_factor"], .only([1], "llama.cpp scales no sum of this family's experts")),
        ForeignRow(["add_classification_head"], .only([false], "a GGUF of this family has no such head")),
        ForeignRow(
            [
                "anyres_pooling_size", "anyres_vit_max_image_size", "anyres_vit_two_views",
                "attention_head_dim",
                "cla_share_factor", "class_num", "dense_list", "eod_token_id", "group_limited_greedy",
                "im_end_id",
                "im_newline_id", "im_start_id", "kv_lora_rank", "mask_init_id", "moe_drop_tokens",
                "moe_random_routing_dropped_token", "norm_type", "num_media_embeds", "org_vocab_size",
                "pad_id",
                "pool_type", "q_lora_rank", "qk_nope_head_dim", "qk_rope_head_dim", "skip_cls_token",
                "text_end_id", "text_start_id", "use_rotary_pos_emb", "v_head_dim", "video_end_id",
                "video_start_id", "vit_add_patchemb_bias", "vit_input_resolution", "vit_mapping_type",
                "vit_norm_type", "vit_patch", "vit_path", "vit_remove_prenorm", "vit_token", "vit_type",
                "vit_used_rms_norm",
            ], .ignored("of parts that are left out, or of the program that trained it")),
    ]

    private static let world: [ForeignRow] = [
        ForeignRow(["hidden_act"], .only(["sqrelu", "relu2"], "llama.cpp squares this family's ReLU")),
        ForeignRow(
            ["head_size", "layer_norm_epsilon", "norm_eps"], .read("sizes, and the epsilon of the norms"),
            .number),
        ForeignRow(["rescale_every"], .read("from which block on weights are halved"), .number),
        ForeignRow(
            [
                "lora_rank_decay", "lora_rank_iclr", "lora_rank_value_residual_mix", "lora_rank_gate",
                "decay_low_rank_dim", "a_low_rank_dim", "v_low_rank_dim", "gate_low_rank_dim",
            ], .read("sizes of the small matrices"), .number),
        ForeignRow(
            ["head_size_divisor"],
            .only([8], "llama.cpp's norms of heads have an epsilon that follows from 8")),
        ForeignRow(["norm_first"], .only([true], "llama.cpp has a norm before the first layer"), .flag),
        ForeignRow(["norm_bias"], .only([true], "llama.cpp's norms of this family have biases"), .flag),
        ForeignRow(["attn"], .only([], "llama.cpp has no attention in this family")),
        ForeignRow(
            [
                "attention_hidden_size", "attn_mode", "context_length", "fuse_norm",
                "fuse_linear_cross_entropy",
                "fuse_swiglu", "hidden_ratio", "num_heads", "num_attention_heads", "use_l2warp", "value_dim",
                "head_dim", "max_position_embeddings",
            ], .ignored("sizes that others state, or how a program computes")),
    ]

    private static let stateOfQwen: [ForeignRow] = [
        ForeignRow(
            ["lora_rank_tokenshift", "lora_rank_decay", "head_size"],
            .read("sizes of the layers with a state"),
            .number),
        ForeignRow(["wkv_has_gate"], .read("whether there are gates"), .flag),
        ForeignRow(["wkv_version"], .only([7], "llama.cpp has the seventh for this family")),
        ForeignRow(["wkv_layers"], .only(["full"], "llama.cpp has no attention in this family")),
        ForeignRow(
            ["wkv_use_vfirst"], .only([true], "llama.cpp mixes values with those of the first block"), .flag),
        ForeignRow(
            ["wkv_has_group_norm"], .read("whether tensors have to be there, which are what counts"), .flag),
        ForeignRow(
            [
                "num_wkv_heads", "rope_theta", "max_position_embeddings", "rope_scaling",
                "head_size_divisor", "use_rope",
            ], .ignored("of the attention that was replaced, or of sizes that others state")),
    ]

    private static let ling: [ForeignRow] = [
        ForeignRow(
            ["q_lora_rank", "kv_lora_rank", "qk_nope_head_dim", "qk_rope_head_dim", "v_head_dim"],
            .read("sizes"),
            .number),
        ForeignRow(
            ["layer_group_size", "short_conv_kernel_size", "kda_lower_bound"],
            .read("the layers with a state, and which they are"), .number),
        ForeignRow(
            ["no_kda_lora", "kda_safe_gate"], .only([true], "llama.cpp has no others for this family"), .flag),
        ForeignRow(
            ["gated_attention_proj_granularity_type"],
            .only(["head_wise"], "llama.cpp has a gate for each head")),
        ForeignRow(
            ["expert_swiglu_limit_list", "share_expert_swiglu_limit_list"], .read("what gates are bounded by")
        ),
        ForeignRow(["mrope_section"], .read("the sections of positions")),
        ForeignRow(
            ["moe_router_enable_expert_bias"], .only([true], "llama.cpp chooses experts by it"), .flag),
        ForeignRow(
            ["partial_rotary_factor"], .ignored("qk_rope_head_dim states what is rotated")),
        ForeignRow(["rope_interleave"], .ignored("llama.cpp takes neighbours as pairs")),
        ForeignRow(
            ["use_qkv_bias", "use_bias"], .only([false], "llama.cpp has no biases in this family"), .flag),
        ForeignRow(
            [
                "mtp_loss_scaling_factor", "moe_router_topk_scaling_factor", "image_patch_token",
                "video_patch_token",
                "image_start_token", "image_end_token", "linear_attn_norm_group_size", "linear_silu",
                "group_norm_size", "use_linear_silu", "max_window_layers", "embedding_dropout",
                "output_dropout",
                "use_rmsnorm", "router_dtype", "router_type", "topk_method",
            ], .ignored("of the program that trained it, or of parts that are left out")),
    ]

    private static let deepSeek4: [ForeignRow] = [
        ForeignRow(
            [
                "q_lora_rank", "qk_rope_head_dim", "o_groups", "o_lora_rank", "hc_mult", "hc_sinkhorn_iters",
                "hc_eps",
                "num_hash_layers", "index_n_heads", "index_head_dim", "index_topk", "compress_rope_theta",
                "sliding_window", "swiglu_limit",
            ], .read("sizes"), .number),
        ForeignRow(["compress_ratios"], .read("how many keys become one in each block")),
        ForeignRow(["expert_dtype"], .ignored("the tensors' own types decide")),
        ForeignRow(
            ["num_nextn_predict_layers"], .ignored("the reference leaves these blocks out of this family")),
        ForeignRow(["topk_method"], .only(["noaux_tc"], "llama.cpp chooses this family's experts by a bias")),
        ForeignRow(
            [
                "kv_lora_rank", "qk_nope_head_dim", "v_head_dim", "first_k_dense_replace", "moe_layer_freq",
                "scale_fmt",
            ],
            .ignored("of other models of DeepSeek, or the tensors' own")),
    ]

    private static let indexed: [ForeignRow] = [
        ForeignRow(
            ["index_n_heads", "index_head_dim", "index_topk"], .read("what attention looks at"), .number),
        ForeignRow(["indexer_types", "layer_types"], .read("which blocks have a window or an index")),
        ForeignRow(
            ["index_topk_freq", "indexer_rope_interleave"], .ignored("how a program computes the index")),
    ]

    private static let dots3: [ForeignRow] = [
        ForeignRow(
            [
                "swa_num_attention_heads", "swa_qk_nope_head_dim", "swa_qk_rope_head_dim", "swa_v_head_dim",
                "swa_kv_lora_rank", "swa_q_lora_rank", "swa_head_dim", "sliding_window_size",
                "swa_rope_theta",
            ], .read("sizes of the attention that has a window"), .number),
        ForeignRow(["apply_mla_qkv_lora_rescale"], .read("norms are multiplied by it"), .flag),
        ForeignRow(
            ["use_dsa", "k_rope_only_layernorm"], .only([true], "llama.cpp has both in this family"), .flag),
        ForeignRow(
            ["normalization", "final_norm"], .only(["RMSNorm"], "llama.cpp has RMSNorm for this family")),
        ForeignRow(
            ["attention_gate_type", "swa_attention_gate_type"],
            .only(["headwise"], "llama.cpp has a gate for each head")),
        ForeignRow(
            ["use_dynamic_rsf", "moe_gating_fp32"], .only([false], "llama.cpp has none of this family"), .flag
        ),
        ForeignRow(
            ["audio_encoder_config", "vision_encoder_config"], .ignored("of parts that are left out")),
    ]

    private static let hunyuan4: [ForeignRow] = [
        ForeignRow(
            ["hc_mult", "hc_eps", "hc_magnitude", "swiglu_limit"],
            .read("the streams of residuals, and what gates are bounded by"), .number),
        ForeignRow(["mlp_layer_types"], .read("which blocks have experts")),
        ForeignRow(["learnable_sink_init"], .ignored("only training uses it")),
        ForeignRow(["enable_lm_head_fp32"], .read("the type of the output's weights"), .flag),
        ForeignRow(
            [
                "enable_attention_fp32_softmax", "enable_moe_fp32_combine", "moe_router_use_sigmoid",
                "moe_router_enable_expert_bias", "num_mtp_layers",
            ], .ignored("how a program computes, or of blocks that are left out")),
    ]

    private static let glm5: [ForeignRow] = [
        ForeignRow(["linear_attn_config"], .read("the layers with a state, with keys of its own")),
        ForeignRow(["mla_use_nope", "mhc"], .only([true], "llama.cpp has no others for this family"), .flag),
        ForeignRow(
            ["index_kpool", "hc_mult", "hc_sinkhorn_iters", "hc_eps", "swiglu_limit"],
            .read("the index, the streams of residuals, and what gates are bounded by"), .number),
        ForeignRow(["index_kpool_always_select_tail"], .read("what the index finds"), .flag),
    ]

    private static let switched: [ForeignRow] = [
        ForeignRow(
            ["num_adapters", "max_lora_rank", "projection_head_dim", "control_token_gain"],
            .read("the adapters, and how they are chosen"), .number),
        ForeignRow(
            ["adapter_token_ids", "adapter_substitute_token_ids"], .read("the tokens that choose an adapter")),
        ForeignRow(["adapter_names", "adapter_ranks"], .ignored("names, and what tensors have")),
    ]

    private static let sound: [ForeignRow] = [
        ForeignRow(
            ["n_embd_features", "n_ff", "group_norm_epsilon", "group_norm_groups"],
            .read("sizes, and the epsilon of the norms"), .number),
        ForeignRow(["posnet", "convnext"], .read("sizes of the convolutions, with keys of their own")),
    ]
}
