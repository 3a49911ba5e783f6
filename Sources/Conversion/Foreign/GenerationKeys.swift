import Formats

/// What each key of `generation_config.json` means for a GGUF, which keeps how to sample as a recommendation
/// (transformers 5.23, `GenerationConfig`; gguf-py, `metadata.py`).
enum GenerationKeys {
    private static let unsaid = "a GGUF has no place for it, and llama.cpp does not do it by itself"

    /// All keys.
    static let table = ForeignTable(
        "generation_config.json",
        [
            ForeignRow(
                [
                    "sequence", "top_k", "top_p", "min_p", "xtc_probability", "xtc_threshold", "temperature",
                    "temp", "penalty_last_n", "penalty_repeat", "repetition_penalty", "mirostat",
                    "mirostat_tau",
                    "mirostat_eta",
                ], .read("general.sampling.…, which programs may take")),
            ForeignRow(
                ["bos_token_id", "eos_token_id", "pad_token_id", "decoder_start_token_id"],
                .ignored("config.json and the tokenizer's files name the special tokens")),
            ForeignRow(
                [
                    "do_sample", "max_length", "max_new_tokens", "min_length", "min_new_tokens",
                    "early_stopping", "max_time", "stop_strings", "num_beams", "num_beam_groups", "use_cache",
                    "cache_implementation", "cache_config", "return_legacy_cache", "num_return_sequences",
                    "output_attentions", "output_hidden_states", "output_scores", "output_logits",
                    "return_dict_in_generate", "is_assistant", "num_assistant_tokens",
                    "num_assistant_tokens_schedule", "assistant_confidence_threshold",
                    "prompt_lookup_num_tokens",
                    "max_matching_ngram_size", "assistant_early_exit", "assistant_lookbehind",
                    "target_lookbehind", "compile_config", "disable_compile", "prefill_chunk_size",
                    "continuous_batching_config", "max_cache_len", "speculation_type", "use_mtp",
                    "assistant_ensemble_weight", "low_memory", "use_model_defaults", "token_healing",
                    "remove_invalid_values", "renormalize_logits", "trust_remote_code", "custom_generate",
                ], .ignored("how it is run, which a program is asked for when it is")),
            ForeignRow(
                [
                    "_from_model_config", "transformers_version", "_commit_hash", "generation_kwargs",
                    "chat_format", "max_window_size", "user_token_id", "assistant_token_id",
                    "max_context_size",
                ], .ignored("who wrote it, and for which program")),
            ForeignRow(
                [
                    "typical_p", "top_h", "length_penalty", "diversity_penalty", "encoder_repetition_penalty",
                    "guidance_scale",
                ], .noted([1, 0], unsaid)),
            ForeignRow(
                [
                    "no_repeat_ngram_size", "encoder_no_repeat_ngram_size", "epsilon_cutoff", "eta_cutoff",
                    "penalty_alpha", "dola_layers",
                ], .noted([0], unsaid)),
            ForeignRow(
                [
                    "bad_words_ids", "force_words_ids", "forced_bos_token_id", "forced_eos_token_id",
                    "suppress_tokens", "begin_suppress_tokens", "sequence_bias", "constraints",
                    "exponential_decay_length_penalty", "watermarking_config", "forced_decoder_ids",
                ], .noted([[], .object([])], unsaid)),
        ])
}
