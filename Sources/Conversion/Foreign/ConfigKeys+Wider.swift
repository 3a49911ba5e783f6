import Formats

/// Families of 2025 and 2026, and encoders, whose rules are not in `ConfigKeys+Families.swift`.
extension ConfigKeys {
    /// Activations that are the square of ReLU.
    static let squaredReLU = ForeignRow(
        ["hidden_act", "hidden_activation", "activation_function"],
        .only(["relu2"], "llama.cpp computes this family with the square of relu"))
    /// For families with many small experts, of which some see every token.
    static let manyExperts = [
        ForeignRow(
            ["moe_intermediate_size", "moe_shared_expert_intermediate_size"], .read("sizes of experts"),
            .number),
        ForeignRow(
            [
                "first_k_dense_replace", "num_dense_layers", "n_shared_experts", "num_shared_experts",
                "routed_scaling_factor", "num_nextn_predict_layers",
            ], .read("the experts and how they are chosen"), .number),
        ForeignRow(["norm_topk_prob"], .read("whether chosen experts are scaled to 1"), .flag),
        ForeignRow(["topk_method"], .ignored("llama.cpp chooses by groups where there are groups")),
    ]
    private static let factors = ForeignRow(
        ["attention_multiplier", "embedding_multiplier", "residual_multiplier", "logits_scaling"],
        .read("the factors of scores, embeddings, residuals and the output"), .number)
    private static let shortConvolutions = [
        rotations, wholeHeads,
        ForeignRow(["layer_types", "full_attn_idxs"], .read("which layers have attention")),
        ForeignRow(
            ["conv_L_cache", "block_ff_dim", "block_multiple_of", "block_ffn_dim_multiplier"],
            .read("sizes"), .number),
        ForeignRow(["block_auto_adjust_ff_dim"], .read("how a size is computed"), .flag),
        ForeignRow(["conv_bias"], .read("whether tensors have to be there, which are what counts"), .flag),
        ForeignRow(["theta"], .read("the base of the rotations"), .number),
        ForeignRow(
            ["tie_embedding"], .read("whether the output's weights have to be there"), .flag),
        ForeignRow(
            [
                "conv_dim", "conv_dim_out", "conv_use_xavier_init", "block_dim", "block_mlp_init_scale",
                "block_norm_eps", "block_out_init_scale", "block_use_swiglu", "block_use_xavier_init",
                "num_heads", "use_pos_enc",
            ], .ignored("of the program that trained it; transformers does not read it")),
    ]
    private static let encoder = [
        rotations, wholeHeads,
        ForeignRow(["is_decoder"], .only([false], "llama.cpp lets this family's tokens see all")),
    ]

    /// The rules that only some families have, which come before those of all.
    /// - Parameter architecture: the family's name in GGUF.
    static func widerFamily(_ architecture: String) -> [ForeignRow] {
        switch architecture {
        case "gemma-embedding":
            [
                gelu, wholeHeads, rotations, ownWindow,
                ForeignRow(
                    ["use_bidirectional_attention"], .warned([true], "llama.cpp lets tokens see all others")),
                ForeignRow(
                    ["attn_logit_softcapping", "final_logit_softcapping"],
                    .read("the caps of scores and output"), .number),
                ForeignRow(["query_pre_attn_scalar"], .related(.queryScale(layers: 62))),
                ForeignRow(["layer_types"], .related(.layers(period: 6))),
                ForeignRow(
                    ["_sliding_window_pattern", "sliding_window_pattern"],
                    .warned([6, 1, true], "llama.cpp lets each sixth layer of this family see all")),
            ]
        case "arcee": [squaredReLU, rotations, wholeHeads]
        case "llama-embed":
            [silu, rotations, wholeHeads, ForeignRow(["pooling"], .ignored("modules.json states it"))]
                + noWindow
        case "mistral3", "seed_oss": [silu, rotations, wholeHeads] + noWindow
        case "qwen2vl": [silu, rotations, wholeHeads] + askedWindow
        case "qwen3vl":
            [
                silu, rotations, wholeHeads, ForeignRow(["layer_types"], .related(.layers(period: nil))),
                ForeignRow(["use_sliding_window"], .only([false], "llama.cpp sees all tokens"), .flag),
                ForeignRow(["max_window_layers"], .ignored("there is no window")),
            ]
        case "qwen3vlmoe":
            [
                silu, rotations, wholeHeads,
                ForeignRow(
                    ["norm_topk_prob"], .warned([true], "llama.cpp scales this family's chosen experts to 1")),
            ] + sharesExperts
        case "cohere2":
            [
                silu, rotations, partHeads, ownWindow,
                ForeignRow(["logit_scale"], .read("the factor of the output"), .number),
                ForeignRow(["layer_types"], .related(.layers(period: 4))),
                ForeignRow(
                    ["_sliding_window_pattern", "sliding_window_pattern", "layer_switch"],
                    .warned([4], "llama.cpp lets each fourth layer of this family see all")),
                ForeignRow(
                    ["order_of_interleaved_layers"],
                    .only(["local_attn_first"], "llama.cpp has the layers with windows first")),
                ForeignRow(
                    ["position_embedding_type"],
                    .only(["rope_gptj"], "llama.cpp takes neighbours as pairs")),
                ForeignRow(
                    [
                        "use_embedding_sharing", "use_gated_activation", "use_parallel_block",
                        "use_parallel_embedding",
                    ], .only([true], "llama.cpp's model of this family has it")),
            ]
        case "exaone4":
            [
                silu, rotations, wholeHeads, ownWindow, prediction,
                ForeignRow(["layer_types", "sliding_window_pattern"], .read("which layers have a window")),
            ]
        case "olmoe":
            [
                silu, rotations, wholeHeads,
                ForeignRow(["clip_qkv"], .warned([], "a GGUF of this family has no such bound")),
                ForeignRow(
                    ["norm_topk_prob"],
                    .only([false], "llama.cpp does not scale this family's chosen experts to 1")),
            ]
        case "phimoe": [silu, rotations, partHeads] + noWindow
        case "granitemoe":
            [
                silu, rotations, wholeHeads, factors,
                ForeignRow(["shared_intermediate_size"], .read("sizes of experts"), .number),
                ForeignRow(
                    ["position_embedding_type"], .only(["rope"], "llama.cpp rotates queries and keys")),
                ForeignRow(
                    ["spatial_target_layers", "deepstack_layer_map"],
                    .only([], "llama.cpp has no pictures between this family's layers")),
            ]
        case "glm4moe": [silu, rotations, partHeads] + manyExperts
        case "bailingmoe2":
            [
                silu, rotations, partHeads,
                ForeignRow(
                    ["moe_router_enable_expert_bias"],
                    .read("whether tensors have to be there, which are what counts"), .flag),
                ForeignRow(
                    ["use_qk_norm"], .only([true], "llama.cpp's model of this family has such norms")),
                ForeignRow(["router_dtype", "head_type"], .ignored("how the program computes")),
                ForeignRow(["use_rmsnorm"], .only([true], "llama.cpp has RMSNorm for this family")),
                ForeignRow(["embedding_dropout", "output_dropout"], .ignored("only training uses it")),
                ForeignRow(["max_window_layers"], .ignored("only with a window")),
            ] + manyExperts
        case "minimax-m2":
            [
                silu, rotations, ForeignRow(["rotary_dim"], .read("how much of a head is rotated"), .number),
                ForeignRow(["use_routing_bias"], .only([true], "llama.cpp chooses experts by it")),
                ForeignRow(
                    ["qk_norm_type"], .only(["per_layer"], "llama.cpp has a norm over all heads at once")),
                ForeignRow(
                    ["shared_intermediate_size"], .only([0], "llama.cpp has no experts for every token")),
                ForeignRow(["attn_type_list"], .ignored("all layers have full attention")),
                ForeignRow(
                    [
                        "num_mtp_modules", "mtp_transformer_layers", "use_mtp", "mlp_intermediate_size",
                        "shared_moe_mode", "layernorm_full_attention_beta",
                        "layernorm_linear_attention_beta", "layernorm_mlp_beta",
                    ], .ignored("of parts that these models do not have")),
            ] + noWindow.prefix(1)
        case "lfm2": shortConvolutions
        case "lfm2moe":
            shortConvolutions + [
                ForeignRow(
                    ["use_expert_bias"], .read("whether tensors have to be there, which are what counts"),
                    .flag),
                ForeignRow(
                    ["norm_topk_prob"], .warned([true], "llama.cpp scales this family's chosen experts to 1")),
                ForeignRow(
                    ["routed_scaling_factor"], .warned([1], "a GGUF of this family has no such factor")),
                ForeignRow(["moe_intermediate_size"], .read("sizes of experts"), .number),
                ForeignRow(["num_dense_layers"], .read("the experts and how they are chosen"), .number),
            ]
        case "hunyuan-dense":
            [
                silu, rotations, wholeHeads,
                ForeignRow(["eod_token_id"], .ignored("transformers' class does not keep it")),
            ]
        case "nemotron": [squaredReLU, rotations, partHeads]
        case "modern-bert":
            [
                ForeignRow(["hidden_activation", "hidden_act"], .read("the activation; gelu or silu")),
                ForeignRow(
                    ["global_attn_every_n_layers", "local_attention"], .read("the window of some layers"),
                    .number),
                ForeignRow(
                    ["norm_bias", "decoder_bias"],
                    .read("whether tensors have to be there, which are what counts"), .flag),
                ForeignRow(["mlp_dropout"], .ignored("only training uses it")),
                ForeignRow(
                    [
                        "repad_logits_with_grad", "sparse_pred_ignore_index", "sparse_prediction",
                        "reference_compile", "position_embedding_type",
                    ], .ignored("how a program loads the model and computes, not what it computes")),
                ForeignRow(["layer_types"], .read("the layers that see all")),
            ] + encoder
        case "eurobert":
            [silu, ForeignRow(["clf_pooling", "pooling"], .ignored("modules.json states it"))] + encoder
        case "neo-bert":
            [
                ForeignRow(
                    ["hidden_act"], .only(["SwiGLU", "swiglu"], "llama.cpp has SwiGLU for this family")),
                ForeignRow(["ngpt"], .only([false], "llama.cpp has no such norms")),
                ForeignRow(
                    ["decoder_init_range", "embedding_init_range", "base_scale"],
                    .ignored("only training uses it")),
                ForeignRow(["rope"], .only([true], "llama.cpp rotates queries and keys")),
                ForeignRow(["rms_norm"], .only([true], "llama.cpp has RMSNorm for this family")),
                ForeignRow(["flash_attention", "dim_head", "kwargs"], .ignored("how the program computes")),
            ] + encoder
        case "jina-bert-v2":
            [
                gelu, ForeignRow(["type_vocab_size"], .read("the kinds of segments"), .number),
                ForeignRow(
                    ["position_embedding_type"],
                    .only(["alibi"], "llama.cpp has distances instead of positions for this family")),
                ForeignRow(
                    ["feed_forward_type"],
                    .only(["geglu", "reglu"], "llama.cpp has gates for this family")),
                ForeignRow(["emb_pooler"], .ignored("modules.json states it")),
                ForeignRow(["is_decoder"], .only([false], "llama.cpp lets this family's tokens see all")),
            ]
        default: tailFamily(architecture)
        }
    }
}
