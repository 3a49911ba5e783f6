import Formats

extension ConfigKeys {
    /// The names in GGUF of the families that have rules of their own, sorted.
    static let families =
        (stateFamilies + restFamilies + lastFamilies + [
            "afmoe", "apertus", "arcee", "arctic", "bailingmoe", "bailingmoe2", "bert", "bloom", "chameleon",
            "chatglm", "codeshell", "cohere2", "cohere2moe", "command-r", "dbrx", "deci", "deepseek",
            "deepseek2", "deepseek32", "dots1", "dream", "ernie4_5", "ernie4_5-moe", "eurobert", "exaone",
            "exaone-moe", "exaone4", "falcon", "gemma", "gemma-embedding", "gemma2", "gemma3", "gemma3n",
            "gemma4", "gemma4-assistant", "glm-dsa", "glm4", "glm4moe", "gpt-oss", "gpt2", "gptneox",
            "granite",
            "granitemoe", "grovemoe", "hrm_text", "hunyuan-dense", "hy_v3", "internlm2", "jais2",
            "jina-bert-v2", "laguna", "lfm2", "lfm2moe", "llada", "llada-moe", "llama", "llama-embed",
            "llama4",
            "maincoder", "mellum", "minicpm", "minicpm3", "minimax-m2", "minimax-m3", "mistral3",
            "modern-bert",
            "mpt", "nanbeige", "nemotron", "neo-bert", "nomic-bert", "nomic-bert-moe", "olmo", "olmo2",
            "olmoe",
            "openelm", "orion", "paddleocr", "pangu-embedded", "phi2", "phi3", "phimoe", "plm", "qwen2",
            "qwen2moe", "qwen2vl", "qwen3", "qwen3moe", "qwen3vl", "qwen3vlmoe", "refact", "rnd1", "seed_oss",
            "smallthinker", "smollm3", "stablelm", "starcoder", "starcoder2", "t5", "t5encoder", "xverse",
        ]).sortedByBytes()

    /// A window that the converter writes for no model of a family.
    static let window = ForeignRow(["sliding_window"], .related(.window(isAskedFor: false)))
    /// transformers' classes of Qwen and SmolLM3 set the window to None where `use_sliding_window` is not true.
    static let askedWindow =
        [ForeignRow(["sliding_window"], .related(.window(isAskedFor: true)))] + noWindow.dropFirst()
    /// For families of which no layer has a window.
    static let noWindow = [
        window, ForeignRow(["use_sliding_window"], .read("whether there is a window"), .flag),
        ForeignRow(["max_window_layers"], .read("which layers have a window"), .number),
        ForeignRow(["layer_types"], .related(.layers(period: nil))),
    ]
    /// For families whose window is written.
    static let ownWindow = ForeignRow(["sliding_window"], .read("the window of some layers"), .number)
    /// For families that have experts in every layer, as Qwen states them.
    static let sharesExperts = [
        ForeignRow(["decoder_sparse_step"], .only([1], "llama.cpp has experts in every layer")),
        ForeignRow(["mlp_only_layers"], .only([[]], "llama.cpp has experts in every layer")),
        ForeignRow(
            ["moe_intermediate_size", "shared_expert_intermediate_size"], .read("sizes of experts"),
            .number),
    ]
    /// What all generations of Gemma have.
    static let gemma = [
        gelu, wholeHeads,
        ForeignRow(
            ["use_bidirectional_attention"],
            .only([false], "llama.cpp lets tokens see those before them alone")),
    ]
    private static let gptScores = [
        ForeignRow(["scale_attn_weights"], .only([true], "llama.cpp always scales scores")),
        ForeignRow(
            ["scale_attn_by_inverse_layer_idx"], .only([false], "llama.cpp scales all layers alike")),
    ]

    /// The rules that only some families have, which come before those of all.
    /// - Parameters:
    ///   - architecture: the family's name in GGUF.
    static func family(_ architecture: String) -> [ForeignRow] {
        switch architecture {
        case "llama":
            [
                silu, rotations, wholeHeads,
                ForeignRow(["rope_interleaved"], .only([false], "llama.cpp takes halves of heads as pairs")),
            ] + noWindow
        case "smollm3":
            [
                silu, rotations, wholeHeads, ForeignRow(["no_rope_layers"], .related(.rotations(period: 4))),
                ForeignRow(
                    ["no_rope_layer_interval"], .warned([4], "llama.cpp leaves out each fourth layer")),
            ] + askedWindow
        case "granite":
            [
                silu, rotations, wholeHeads,
                ForeignRow(
                    [
                        "attention_multiplier", "embedding_multiplier", "residual_multiplier",
                        "logits_scaling",
                    ], .read("the factors of scores, embeddings, residuals and the output"), .number),
                ForeignRow(
                    ["spatial_target_layers", "deepstack_layer_map"],
                    .only([], "llama.cpp has no pictures between this family's layers")),
            ] + noWindow
        case "qwen2", "qwen3":
            [
                silu, rotations, wholeHeads,
                ForeignRow(
                    ["use_mrope"], .only([false], "llama.cpp has rotations of one position for this family")),
            ] + askedWindow
        case "qwen2moe":
            [
                silu, rotations, wholeHeads,
                ForeignRow(
                    ["norm_topk_prob"],
                    .only([false], "llama.cpp does not scale this family's chosen experts to 1")),
            ] + sharesExperts + askedWindow
        case "qwen3moe":
            [
                silu, rotations, wholeHeads,
                ForeignRow(
                    ["norm_topk_prob"], .warned([true], "llama.cpp scales this family's chosen experts to 1"),
                    absent: false),
            ] + sharesExperts + askedWindow
        case "gemma": gemma + [fixedRotations]
        case "gemma2":
            gemma + [
                fixedRotations, ownWindow,
                ForeignRow(["sliding_window_size"], .ignored("the same as sliding_window")),
                ForeignRow(
                    ["attn_logit_softcapping", "final_logit_softcapping"],
                    .read("the caps of scores and output"), .number),
                ForeignRow(["query_pre_attn_scalar"], .related(.queryScale(layers: 46))),
                ForeignRow(["layer_types"], .related(.layers(period: 2))),
            ]
        case "gemma3":
            gemma + [
                rotations, ownWindow,
                ForeignRow(
                    ["attn_logit_softcapping", "final_logit_softcapping"],
                    .read("the caps of scores and output"), .number),
                ForeignRow(["query_pre_attn_scalar"], .related(.queryScale(layers: 62))),
                ForeignRow(["layer_types"], .related(.layers(period: 6))),
                ForeignRow(
                    ["sliding_window_pattern"],
                    .warned([6, 1, true], "llama.cpp lets each sixth layer of this family see all")),
                ForeignRow(
                    ["_sliding_window_pattern"],
                    .warned([6], "llama.cpp lets each sixth layer of this family see all")),
            ]
        case "phi2": [gelu, fixedRotations, partHeads]
        case "phi3":
            [
                silu, rotations, partHeads,
                ForeignRow(["n_head_kv"], .read("sizes"), .number),
                window,
            ]
        case "gpt2": [gelu] + gptScores
        case "olmo":
            [
                silu, rotations, wholeHeads,
                ForeignRow(["clip_qkv"], .read("the bound of queries, keys and values"), .number),
            ]
        case "olmo2":
            [
                silu, rotations, wholeHeads, ownWindow,
                ForeignRow(["layer_types"], .read("which layers have a window")),
            ]
        case "starcoder2":
            [
                gelu, rotations, wholeHeads, window,
                ForeignRow(["norm_type"], .only(["layer_norm"], "llama.cpp has LayerNorm for this family")),
                ForeignRow(
                    ["mlp_type"], .only(["default"], "llama.cpp has two plain layers for this family")),
            ] + gptScores
        case "stablelm":
            [
                silu, fixedRotations, partHeads,
                ForeignRow(
                    ["use_parallel_residual"], .read("whether attention and layers add to one sum"), .flag),
                ForeignRow(["rotary_scaling_factor"], .only([1], "GGUF has no such factor for this family")),
            ]
        case "bert":
            [
                gelu, ForeignRow(["type_vocab_size"], .read("the kinds of segments"), .number),
                ForeignRow(
                    ["position_embedding_type"],
                    .only(
                        ["absolute"], "llama.cpp adds a vector for each position to this family's embeddings")
                ),
                ForeignRow(["is_decoder"], .only([false], "llama.cpp lets this family's tokens see all")),
                ForeignRow(["lora_adaptations"], .only([[]], "a GGUF has no adapters inside")),
                ForeignRow(
                    ["sinusoidal_pos_embds"], .ignored("the positions' vectors are tensors in any case")),
                ForeignRow(
                    [
                        "directionality", "pooler_fc_size", "pooler_num_attention_heads",
                        "pooler_num_fc_layers",
                        "pooler_size_per_head", "pooler_type", "language", "name",
                    ], .ignored("of the program that came before transformers, which does not read it")),
            ]
        case "nomic-bert", "nomic-bert-moe": nomic
        case "deepseek2":
            [
                silu, rotations, wholeHeads,
                ForeignRow(
                    [
                        "q_lora_rank", "kv_lora_rank", "qk_nope_head_dim", "qk_rope_head_dim", "v_head_dim",
                        "moe_intermediate_size",
                    ], .read("sizes"), .number),
                ForeignRow(["qk_head_dim"], .ignored("the sum of two other sizes")),
                ForeignRow(
                    ["mlp_layer_types"], .ignored("first_k_dense_replace states it, and the tensors")),
                ForeignRow(
                    [
                        "first_k_dense_replace", "n_shared_experts", "routed_scaling_factor",
                        "num_nextn_predict_layers",
                    ], .read("the experts and how they are chosen"), .number),
                ForeignRow(["norm_topk_prob"], .read("whether chosen experts are scaled to 1"), .flag),
                ForeignRow(["topk_method"], .ignored("llama.cpp chooses by groups where there are groups")),
                ForeignRow(
                    ["moe_layer_freq"], .only([1], "llama.cpp has experts in every layer but the first ones")),
                ForeignRow(["rope_interleave"], .only([true], "llama.cpp takes neighbours as pairs")),
            ]
        case "falcon":
            [
                gelu, fixedRotations, wholeHeads,
                ForeignRow(["num_kv_heads", "n_head_kv"], .read("the heads"), .number),
                ForeignRow(["multi_query", "new_decoder_architecture"], .read("the heads"), .flag),
                ForeignRow(
                    ["num_ln_in_parallel_attn"],
                    .read("whether tensors have to be there, which are what counts"), .number),
                ForeignRow(["alibi"], .only([false], "llama.cpp has rotations for this family")),
                ForeignRow(
                    ["parallel_attn"],
                    .only([true], "llama.cpp adds attention and layers of this family to one sum")),
                ForeignRow(
                    ["apply_residual_connection_post_layernorm"],
                    .only([false], "llama.cpp adds what was before the norm")),
                ForeignRow(["rotary"], .only([true], "llama.cpp has rotations for this family")),
            ]
        case "gptneox":
            [
                gelu, fixedRotations, partHeads,
                ForeignRow(
                    ["use_parallel_residual"], .read("whether attention and layers add to one sum"), .flag),
                ForeignRow(["is_decoder"], .ignored("this family's tokens see those before them alone")),
            ]
        case "bloom":
            [
                gelu, ForeignRow(["seq_length"], .read("sizes"), .number),
                ForeignRow(
                    ["apply_residual_connection_post_layernorm"],
                    .only([false], "llama.cpp adds what was before the norm")),
                ForeignRow(
                    ["offset_alibi", "skip_bias_add", "skip_bias_add_qkv"],
                    .ignored("of the program that trained it; transformers does not read it")),
            ]
        case "command-r":
            [
                silu, rotations, wholeHeads,
                ForeignRow(["logit_scale"], .read("the factor of the output"), .number),
            ]
        case "glm4": [silu, rotations, partHeads, prediction]
        case "chatglm": chatGLM
        case "ernie4_5": [silu, rotations, wholeHeads]
        case "ernie4_5-moe":
            [
                silu, rotations, wholeHeads,
                ForeignRow(
                    [
                        "moe_k", "moe_num_experts", "moe_num_shared_experts", "moe_layer_start_index",
                        "moe_layer_interval", "moe_intermediate_size",
                    ], .read("the experts and how they are chosen"), .number),
                ForeignRow(
                    ["moe_layer_end_index"], .ignored("which layers have experts is seen in the tensors")),
                ForeignRow(["moe_norm_min"], .ignored("keeps a sum from being 0, as llama.cpp does")),
            ]
        case "minicpm":
            [
                silu, rotations, wholeHeads,
                ForeignRow(
                    ["scale_emb", "scale_depth", "dim_model_base"],
                    .read("the factors of embeddings, residuals and the output"), .number),
            ]
        case "exaone": [silu, rotations, partHeads]
        case "internlm2": [silu, rotations, wholeHeads]
        case "gpt-oss":
            [
                silu, rotations, wholeHeads, ownWindow,
                ForeignRow(["layer_types"], .related(.layers(period: 2))),
                ForeignRow(["swiglu_limit"], .only([7], "llama.cpp bounds this family's activations by 7")),
                ForeignRow(["swiglu_alpha"], .only([.number(1.702)], "llama.cpp takes 1.702")),
                ForeignRow(["experts_per_token"], .ignored("the same as num_experts_per_tok")),
                ForeignRow(
                    ["initial_context_length"], .ignored("the same as original_max_position_embeddings")),
            ]
        default: stateFamily(architecture)
        }
    }

    private static let nomic: [ForeignRow] =
        [
            ForeignRow(["activation_function", "hidden_act"], .read("the activation; gelu or swiglu")),
            ForeignRow(
                ["causal", "prenorm", "rotary_emb_interleaved"],
                .read("as the family's own; what llama.cpp does not compute is an error"), .flag),
            ForeignRow(
                [
                    "rotary_emb_fraction", "rotary_emb_scale_base", "rotary_emb_base", "type_vocab_size",
                    "moe_every_n_layers", "moe_top_k",
                ], .read("as the family's own; what llama.cpp does not compute is an error"), .number),
            ForeignRow(["rope_theta"], .read("the base of the rotations"), .number),
            ForeignRow(
                ["rotary_scaling_factor"],
                .noted([1], "texts longer than those of training are rotated without it")),
            ForeignRow(["parallel_block"], .only([false], "llama.cpp has one block after the other")),
            ForeignRow(["parallel_block_tied_norm"], .ignored("only with parallel_block")),
            ForeignRow(["use_rms_norm"], .only([false], "llama.cpp has LayerNorm for this family")),
            ForeignRow(
                ["expert_choice_router"], .only([false], "llama.cpp lets tokens choose their experts")),
            ForeignRow(
                ["moe_normalize_expert_weights"],
                .only([false], "llama.cpp does not scale this family's chosen experts to 1")),
            ForeignRow(["num_shared_experts"], .only([0], "llama.cpp has none for this family")),
            ForeignRow(
                ["pad_vocab_size_multiple", "dense_seq_output", "add_pooling_layer", "ffn_div", "moe_impl"],
                .ignored("how the program that trained it computes")),
        ] + gptScores

    private static let chatGLM: [ForeignRow] = [
        silu, partHeads,
        ForeignRow(
            ["rope_theta"],
            .warned([10000], "the converter writes 10000 times rope_ratio for this family, and not this")),
        ForeignRow(
            [
                "rope_ratio", "multi_query_group_num", "seq_length", "attention_dim", "kv_channels",
                "padded_vocab_size",
            ], .read("sizes and the base of the rotations"), .number),
        ForeignRow(["multi_query_attention"], .only([true], "llama.cpp takes groups of heads")),
        ForeignRow(["post_layer_norm"], .only([true], "llama.cpp has a norm behind the last layer")),
        ForeignRow(["rmsnorm"], .only([true], "llama.cpp has RMS norms for this family")),
        ForeignRow(["add_bias_linear"], .only([false], "llama.cpp has no biases but those of attention")),
        ForeignRow(["original_rope"], .only([true], "llama.cpp takes neighbours as pairs")),
        ForeignRow(["interleaved_qkv"], .only([false], "the rows of queries, keys and values are apart")),
        ForeignRow(
            ["apply_residual_connection_post_layernorm"],
            .only([false], "llama.cpp adds what was before the norm")),
        ForeignRow(["pre_seq_len"], .only([], "a GGUF has no learned text before the text")),
        ForeignRow(["prefix_projection"], .ignored("only with pre_seq_len")),
        ForeignRow(
            ["quantization_bit"], .only([0], "weights that are quantized in this way cannot be converted")),
        ForeignRow(
            ["apply_query_key_layer_scaling"],
            .ignored("scores are divided and multiplied by the same number")),
    ]
}
