import Formats

/// What each key of `config.json` means for a GGUF, as far as all families share it (transformers 4.40 to 5.23,
/// `PretrainedConfig`; convert_hf_to_gguf.py of llama.cpp, November 2026).
enum ConfigKeys {
    /// The keys that every family which reads them reads as lists: of another kind of value they would be gone through
    /// in another way, or not at all, where Python fails.
    static let lists = [
        "layer_types", "attn_layer_indices", "full_attn_idxs", "layers_block_type", "block_configs",
        "num_key_value_heads_per_layer", "num_attention_heads_per_layer", "mlp_layer_types", "gating_types",
        "indexer_types", "ple_layer_ids", "ffn_multipliers", "sliding_window_layout", "ssm_multipliers",
        "mlp_multipliers", "activation_sparsity_pattern", "short_factor", "long_factor", "mrope_section",
    ]

    /// Keys of every configuration.
    static let common: [ForeignRow] = [
        ForeignRow(
            ["architectures", "model_type"], .read("the family, and the defaults of its configuration")),
        ForeignRow(["_name_or_path"], .read("the model's name, where nothing else states one")),
        ForeignRow(["vocab_size"], .read("the number of tokens"), .number),
        ForeignRow(
            [
                "bos_token_id", "eos_token_id", "pad_token_id", "unk_token_id", "sep_token_id",
                "cls_token_id",
                "mask_token_id",
            ], .read("the special tokens, where the tokenizer's files do not name them")),
        ForeignRow(
            ["tie_word_embeddings", "tie_encoder_decoder"],
            .read("whether the output's weights have to be there"), .flag),
        ForeignRow(["quantization_config"], .object),
        ForeignRow(["thinker_config"], .read("the part for text is in it")),
        ForeignRow(["text_config", "llm_config", "lm_config", "language_config", "lfm"], .object),
        ForeignRow(
            ["compression_config", "quantization"],
            .only([], "weights that are quantized in this way cannot be converted")),
        ForeignRow(
            ["torch_dtype", "dtype"], .ignored("the tensors' own types decide")),
        ForeignRow(
            [
                "transformers_version", "_pad_token_id", "auto_map", "custom_pipelines", "_commit_hash",
                "_attn_implementation",
                "_attn_implementation_internal", "_attn_implementation_autoset", "attn_implementation",
                "_experts_implementation", "_experts_implementation_internal", "_flash_attn_2_enabled",
                "use_flash_attn", "use_flash_attention", "_flash_attn_version", "flash_attn", "torchscript",
                "return_dict", "output_attentions", "output_hidden_states", "output_past", "use_cache",
                "use_bfloat16", "tf_legacy_loss", "chunk_size_feed_forward", "gradient_checkpointing",
                "use_gradient_checkpointing", "cache_implementation", "tokenizer_class", "processor_class",
                "prefix", "base_model_tp_plan", "base_model_pp_plan", "tp_plan", "pp_plan", "ep_size",
                "transformers.js_config", "sentence_transformers", "unsloth_version", "unsloth_fixed",
                "model_name", "library_name", "slow_but_exact", "pretraining_tp", "_from_model_config",
                "is_llama_config", "reorder_and_upcast_attn", "attention_softmax_in_fp32",
                "scale_attention_softmax_in_fp32", "fp32_residual_connection", "bias_dropout_fusion",
                "masked_softmax_fusion", "fused_bias_fc", "fused_dropout_add_ln", "fused_mlp", "use_xentropy",
                "memory_efficient_attention", "deterministic_flash_attn", "fuse_cross_entropy",
            ], .ignored("how a program loads the model and computes, not what it computes")),
        ForeignRow(
            [
                "attention_dropout", "attention_probs_dropout_prob", "hidden_dropout", "hidden_dropout_prob",
                "classifier_dropout", "classifier_dropout_prob", "embd_pdrop", "emb_pdrop", "resid_pdrop",
                "attn_pdrop", "embed_dropout", "embedding_dropout", "residual_dropout", "resid_dropout",
                "dropout", "activation_dropout", "layerdrop", "drop_path_rate", "summary_first_dropout",
                "moe_resid_pdrop", "seq_classif_dropout", "qa_dropout", "initializer_range",
                "initializer_factor", "initializer_cutoff_factor", "init_std", "init_method_std",
                "init_method",
                "router_aux_loss_coef", "router_z_loss_coef", "router_jitter_noise", "input_jitter_noise",
                "output_router_logits", "aux_loss_alpha", "seq_aux", "moe_aux_loss_coeff",
                "moe_capacity", "z_loss", "label_smoothing", "max_trained_positions",
                "training_seq_len", "neftune_noise_alpha", "embedding_initializer_range",
            ], .ignored("only training uses it")),
        ForeignRow(
            [
                "min_length", "do_sample", "early_stopping", "num_beams", "num_beam_groups",
                "diversity_penalty", "temperature", "top_k", "top_p", "typical_p", "repetition_penalty",
                "length_penalty", "no_repeat_ngram_size", "encoder_no_repeat_ngram_size", "bad_words_ids",
                "num_return_sequences", "output_scores", "return_dict_in_generate", "forced_bos_token_id",
                "forced_eos_token_id", "remove_invalid_values", "exponential_decay_length_penalty",
                "suppress_tokens", "begin_suppress_tokens", "decoder_start_token_id", "max_new_tokens",
            ], .ignored("how to sample, which generation_config.json states")),
        ForeignRow(
            [
                "problem_type", "finetuning_task", "task_specific_params", "num_labels", "label2id",
                "summary_type", "summary_use_proj", "summary_activation", "summary_proj_to_labels",
                "classifier_activation", "classifier_bias", "num_choices",
            ], .ignored("of heads that are not in a GGUF, or decided by the tensors")),
        ForeignRow(["id2label"], .read("the labels of a classifier")),
        ForeignRow(["classifier_pooling"], .read("what a classifier looks at")),
        ForeignRow(
            ["is_encoder_decoder", "add_cross_attention"],
            .only([false], "llama.cpp's model of this family is a single stack of layers")),
        ForeignRow(["is_decoder"], .ignored("the class of the family decides which tokens are seen")),
        ForeignRow(
            ["pruned_heads"], .only([.object([])], "a GGUF has no place for heads that are left out")),
        ForeignRow(["cross_attention_hidden_size"], .only([], "llama.cpp has no second stack to look at")),
        ForeignRow(
            [
                "vision_config", "audio_config", "image_token_index", "image_token_id", "boi_token_index",
                "eoi_token_index", "mm_tokens_per_image", "video_token_id", "audio_token_id",
                "vision_start_token_id", "vision_end_token_id", "vision_token_id", "image_start_token_id",
                "image_end_token_id", "video_start_token_id", "video_end_token_id", "image_seq_length",
                "multimodal_projector_bias", "projector_hidden_act", "vision_feature_layer",
                "vision_feature_select_strategy", "spatial_merge_size", "audio_token_index", "scale_factor",
                "vq_config", "talker_config", "token2wav_config", "code2wav_config", "enable_audio_output",
                "enable_talker",
                "user_token_id", "assistant_token_id", "system_token_id", "im_start_token_id",
                "im_end_token_id", "tts_bos_token_id", "tts_eos_token_id", "tts_pad_token_id",
                "projector_bias", "projector_hidden_size", "projector_use_layernorm", "downsample_factor",
                "downsample_mode", "drop_vision_last_layer", "insert_layer_id", "merge_kernel_size",
                "merger_times", "image_size", "patch_size", "timestamp_token_id", "token_classification_bias",
            ], .ignored("of parts for pictures and sound, which are left out")),
        ForeignRow(
            [
                "attention_bias", "mlp_bias", "use_bias", "qkv_bias", "bias", "use_qkv_bias",
                "attention_out_bias", "lm_head_bias", "qk_layernorm", "use_qk_norm", "add_qkv_bias",
                "qkv_proj_bias", "mlp_fc1_bias", "mlp_fc2_bias", "moe_use_aux_free",
            ], .read("whether tensors have to be there, which are what counts"), .flag),
    ]

    /// Keys that the converter reads for all models of language (base.py, `TextModel.set_gguf_parameters`).
    static let generic: [ForeignRow] = [
        ForeignRow(
            [
                "num_hidden_layers", "n_layers", "n_layer", "num_layers", "max_position_embeddings", "n_ctx",
                "n_positions", "max_length", "max_sequence_length", "model_max_length", "hidden_size",
                "n_embd",
                "n_embed", "dim", "prefix_dense_intermediate_size", "dense_intermediate_size",
                "intermediate_size", "n_inner", "hidden_dim", "ffn_hidden_size", "num_attention_heads",
                "n_head", "n_heads", "num_key_value_heads", "n_kv_heads", "head_dim",
            ], .read("sizes"), .number),
        ForeignRow(
            [
                "rms_norm_eps", "norm_eps", "layer_norm_eps", "layer_norm_epsilon", "norm_epsilon",
                "layernorm_epsilon",
            ], .read("the epsilon of the norms"), .number),
        ForeignRow(
            [
                "num_local_experts", "num_experts", "n_routed_experts", "num_experts_per_tok",
                "num_experts_per_token", "top_k_experts", "n_group", "topk_group",
            ], .read("the experts and how they are chosen"), .number),
        ForeignRow(ExpertGating.keys, .read("how experts are weighed")),
        ForeignRow(["is_causal"], .read("whether tokens see those behind them"), .flag),
        ForeignRow(["rope_scaling", "rope_parameters"], .object),
    ]

    /// Rotations as the converter reads them for all models of language.
    static let rotations = ForeignRow(
        [
            "rope_theta", "global_rope_theta", "rope_global_theta", "rope_theta_global", "rotary_emb_base",
            "local_rope_theta", "rope_local_theta", "rope_theta_local", "swa_rope_theta",
            "rope_local_base_freq", "original_max_position_embeddings",
        ], .read("the base of the rotations"), .number)

    /// For families of which the converter writes no base, so that llama.cpp takes its own.
    static let fixedRotations = ForeignRow(
        ["rope_theta", "rotary_emb_base"],
        .only([10000], "the converter writes no base for this family, and llama.cpp takes 10000"))

    /// For families all of whose heads are rotated as a whole.
    static let wholeHeads = ForeignRow(
        ["partial_rotary_factor", "rope_pct", "rope_percent", "rotary_pct"],
        .only([1], "llama.cpp rotates all of a head for this family"))

    /// For families that rotate a part of each head.
    static let partHeads = ForeignRow(
        ["partial_rotary_factor", "rope_pct", "rope_percent", "rotary_pct"],
        .read("how much of a head is rotated"), .number)

    /// Activations that are SiLU.
    static let silu = ForeignRow(
        ["hidden_act", "hidden_activation", "activation_function"],
        .only(["silu", "swish"], "llama.cpp computes this family with silu"))

    /// Activations that are GELU, of which ggml has the form with tanh.
    static let gelu = ForeignRow(
        ["hidden_act", "hidden_activation", "activation_function", "activation"],
        .only(
            ["gelu", "gelu_new", "gelu_pytorch_tanh", "gelu_fast", "gelu_python", "gelu_accurate"],
            "llama.cpp computes this family with gelu"))
}
