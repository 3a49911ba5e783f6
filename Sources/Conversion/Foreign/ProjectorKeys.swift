import Formats

/// The keys of the parts for pictures and sound of a `config.json`, which decide a projector.
package enum ProjectorKeys {
    /// The parts, as the files name them.
    static let parts = [
        "vision_config", "audio_config", "thinker_config.vision_config", "thinker_config.audio_config",
        "speech_config",
    ]

    /// All keys that are known.
    package static let table = ForeignTable(
        "config.json, parts for pictures and sound",
        [
            ForeignRow(
                [
                    "depth", "num_hidden_layers", "n_layers", "num_layers", "encoder_layers", "layers",
                    "vt_num_hidden_layers", "hidden_size", "width", "embed_dim", "d_model", "vt_hidden_size",
                    "intermediate_size", "encoder_ffn_dim", "vt_intermediate_size", "num_attention_heads",
                    "num_heads", "heads", "encoder_attention_heads", "vt_num_attention_heads", "patch_size",
                    "num_mel_bins", "mm_embed_dim", "audio_embed_dim", "model_patch_size",
                ], .read("sizes")),
            ForeignRow(["image_size", "max_image_size"], .read("the size of pictures")),
            ForeignRow(
                ["layer_norm_eps", "rms_norm_eps", "norm_eps", "projector_ln_eps"],
                .read("the epsilon of the norms")),
            ForeignRow(["architectures", "model_type"], .read("which projector it is")),
            ForeignRow(
                ["hidden_act", "activation_function", "hidden_activation", "projector_hidden_act"],
                .read("what stands between the layers, where a family has several")),
            ForeignRow(
                [
                    "merge_kernel_size", "init_pos_emb_height", "init_pos_emb_width", "init_pos_emb_time",
                    "insert_layer_id", "deepstack_visual_indexes", "fullatt_block_indexes",
                    "num_position_embeddings",
                    "spatial_merge_size", "pixel_shuffle_ratio", "window_size",
                    "img_token_compression_config", "input_feat_size", "conf_num_hidden_layers",
                    "pos_emb_height", "patch_temporal", "merge_size", "pyramid_num_routed",
                    "capacity_factor", "whisper_config",
                    "conf_num_attention_heads",
                ], .read("what the family's projector needs beside")),
            ForeignRow(
                [
                    "adapter_type", "pre_pixel_shuffle", "router_scoring_func", "router_scale",
                    "use_conv2d_stem", "use_rope", "use_rms_norm", "use_causal", "merge_factor",
                    "chunk_seconds",
                ], .read("whether it is what the family's projector can be made of")),
            ForeignRow(
                [
                    "in_channels", "in_chans", "num_channels", "channels", "temporal_patch_size",
                    "spatial_patch_size", "mlp_ratio", "out_hidden_size", "head_dim", "num_key_value_heads",
                    "max_source_positions", "num_patches", "projection_dim", "vision_output_dim",
                    "projector_input_dim", "projector_output_dim", "image_grid_pinpoints",
                    "max_position_embeddings",
                    "default_output_length", "position_embedding_size", "output_dim",
                    "pooling_kernel_size", "num_image_tokens", "size", "mm_hidden_size", "text_hidden_size",
                    "n_window",
                    "n_window_infer", "downsample_hidden_size", "conv_chunksize",
                    "mm_posemb_size", "model_name", "cls", "num_patches_per_side",
                    "subsampling_conv_channels", "output_proj_dims", "conv_kernel_size",
                    "sscp_conv_channel_size", "sscp_conv_kernel_size", "sscp_conv_stride_size",
                    "conf_conv_kernel_size", "conf_reduction_factor", "vocab_offset", "disable_merger_proj",
                    "pos_emb_width",
                ], .ignored("the tensors' shapes state it, or the family's code in llama.cpp")),
            ForeignRow(
                [
                    "attention_bias", "qkv_bias", "use_bias", "bias", "use_qk_norm", "qk_normalization",
                    "norm_type",
                    "post_norm", "use_clipped_linears", "standardize", "use_mask_token",
                    "use_absolute_position_embeddings", "vision_use_head",
                    "use_head",
                    "is_causal", "use_mean_pooling", "layer_scale_init_value", "multi_modal_projector_bias",
                    "use_cls_token",
                ], .ignored("the tensors state it")),
            ForeignRow(
                ["rope_theta", "rope_parameters", "partial_rotary_factor"],
                .ignored("llama.cpp has the family's own")),
            ForeignRow(
                [
                    "attention_dropout", "hidden_dropout_prob", "dropout", "activation_dropout",
                    "projection_dropout", "projector_dropout", "encoder_layerdrop", "layerdrop",
                    "initializer_range", "initializer_factor", "init_std", "drop_path_rate",
                    "init_merger_std",
                    "hidden_dropout", "hidden_dropout_rate", "gradient_checkpointing",
                ], .ignored("of training")),
            ForeignRow(
                [
                    "torch_dtype", "dtype", "use_cache", "transformers_version", "_name_or_path", "auto_map",
                    "use_flash_attn", "_attn_implementation", "attn_implementation", "use_bfloat16",
                    "torchscript",
                    "return_dict", "output_attentions", "output_hidden_states", "_flash_attn_2_enabled",
                    "_attn_implementation_autoset", "is_hybrid_audio",
                ], .ignored("how a program runs it")),
            ForeignRow(
                [
                    "merge_type", "pos_emb_type", "video_attn_type", "mm_projector_type", "global_head_dim",
                    "tokens_per_second", "vision_feature_layer", "_vision_feature_layer",
                    "vision_feature_select_strategy", "scale_embedding", "vocab_size", "num_conv_layers",
                    "decoder_layers", "decoder_attention_heads", "decoder_ffn_dim", "is_encoder_decoder",
                    "max_target_positions", "decoder_start_token_id", "begin_suppress_tokens",
                    "suppress_tokens",
                    "apply_spec_augment", "mask_time_prob", "mask_time_length", "mask_time_min_masks",
                    "mask_feature_prob", "mask_feature_length", "mask_feature_min_masks",
                    "median_filter_width",
                    "classifier_proj_size", "use_weighted_layer_sum", "forced_decoder_ids",
                    "residual_weight", "attention_chunk_size", "attention_context_left",
                    "attention_context_right", "attention_logit_cap", "attention_invalid_logits_value",
                    "gradient_clipping", "conf_attention_chunk_size", "conf_attention_context_left",
                    "conf_attention_context_right", "conf_attention_logit_cap", "conf_residual_weight",
                    "sscp_conv_group_norm_eps", "architecture", "num_classes", "label_names", "do_pooling",
                    "model_args",
                ], .ignored("the family's code in llama.cpp has its own, or nothing reads it")),
            ForeignRow(ConfigKeys.classDefaults, .ignored("what every configuration of transformers has")),
        ])

    /// What the parts of a configuration state that is not known.
    static func findings(_ config: JSON) -> [ForeignFinding] {
        var review = ForeignReview(file: "config.json")
        for part in parts {
            var value: JSON? = config
            for key in part.split(separator: ".") { value = value?[String(key)] }
            guard let value, value.members != nil else { continue }
            review.check(value, table, in: part + ".")
        }
        return review.findings
    }
}

extension ForeignConfigurations {
    /// What the configurations of a model state that a GGUF of its projector does not follow, or may not.
    static func projectorFindings(_ model: HuggingFaceModel) -> [ForeignFinding] {
        ProjectorKeys.findings(model.config.raw)
    }
}

extension ConfigKeys {
    /// Keys that transformers writes into every part of a configuration.
    static let classDefaults = [
        "pruned_heads",
        "tie_word_embeddings", "chunk_size_feed_forward", "is_decoder",
        "cross_attention_hidden_size", "add_cross_attention", "tie_encoder_decoder", "max_length",
        "min_length",
        "do_sample", "early_stopping", "num_beams", "num_beam_groups", "diversity_penalty", "temperature",
        "top_k", "top_p", "typical_p", "repetition_penalty", "length_penalty", "no_repeat_ngram_size",
        "encoder_no_repeat_ngram_size", "bad_words_ids", "num_return_sequences", "output_scores",
        "return_dict_in_generate", "forced_bos_token_id", "forced_eos_token_id", "remove_invalid_values",
        "exponential_decay_length_penalty", "finetuning_task",
        "id2label", "label2id", "tokenizer_class", "prefix", "bos_token_id", "pad_token_id", "eos_token_id",
        "sep_token_id", "task_specific_params", "problem_type", "tf_legacy_loss",
    ]
}
