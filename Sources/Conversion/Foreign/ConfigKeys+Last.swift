import Formats

/// Families that came last, whose rules are in none of the other files.
extension ConfigKeys {
    /// The names in GGUF of these families, sorted.
    static let lastFamilies = ["arwkv7", "hunyuan-moe", "rwkv6", "rwkv6qwen2", "rwkv7"]

    /// The rules that only some families have, which come before those of all.
    /// - Parameter architecture: the family's name in GGUF.
    static func lastFamily(_ architecture: String) -> [ForeignRow] {
        switch architecture {
        case "hunyuan-moe": plain + hunyuanExperts
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
}
