import Formats

/// What each key of a tokenizer's files means for a GGUF (tokenizers 0.23; transformers 5.23).
enum TokenizerKeys {
    /// `tokenizer.json`.
    static let tokenizer = ForeignTable(
        "tokenizer.json",
        [
            ForeignRow(["model", "normalizer", "post_processor"], .object),
            ForeignRow(
                ["pre_tokenizer"],
                .read("known by the hash of a text's tokens; one that is not known is an error")),
            ForeignRow(["added_tokens"], .read("tokens beside those of the model")),
            ForeignRow(["decoder"], .read("how added tokens are spelled; one that is not known is an error")),
            ForeignRow(
                ["truncation", "padding"], .ignored("how many tokens are taken is decided where it is run")),
            ForeignRow(["version"], .only(["1.0"], "only version 1.0 of the format is known")),
        ])

    /// `model` of `tokenizer.json`.
    static let model = ForeignTable(
        "model of tokenizer.json",
        [
            ForeignRow(["type", "vocab", "merges"], .read("the tokens")),
            ForeignRow(["unk_token", "unk_id"], .read("the token for what has none")),
            ForeignRow(["dropout"], .warned([0], "llama.cpp makes all merges, always")),
            ForeignRow(
                ["continuing_subword_prefix"],
                .only(["", "##"], "llama.cpp joins pieces with no such beginning")),
            ForeignRow(
                ["end_of_word_suffix"], .only([""], "llama.cpp joins pieces with no such end")),
            ForeignRow(
                ["fuse_unk"], .ignored("llama.cpp falls back to bytes, or has one unknown token a word")),
            ForeignRow(["byte_fallback"], .read("whether what has no token becomes bytes")),
            ForeignRow(["ignore_merges"], .ignored("llama.cpp knows it by the pre-tokenizer's name")),
            ForeignRow(["max_input_chars_per_word"], .ignored("longer words are not words")),
        ])

    /// A token of `added_tokens`, and of `added_tokens_decoder`.
    static let added = ForeignTable(
        "added_tokens of tokenizer.json, added_tokens_decoder of tokenizer_config.json",
        [
            ForeignRow(["id", "content", "special", "normalized", "__type"], .read("the token")),
            ForeignRow(["single_word"], .warned([false], "llama.cpp finds the token within words, too")),
            ForeignRow(
                ["lstrip", "rstrip"],
                .ignored("llama.cpp knows by the model's name where blanks belong to a token")),
        ])

    /// `BertNormalizer`, of which GGUF has two switches.
    static let bertNormalizer = ForeignTable(
        "BertNormalizer of tokenizer.json",
        [
            ForeignRow(["type"], .read("the kind")),
            ForeignRow(["lowercase"], .read("whether letters become small")),
            ForeignRow(
                ["strip_accents"], .ignored("compared with lowercase, which llama.cpp takes for both")),
            ForeignRow(["clean_text"], .warned([true], "llama.cpp takes control characters out")),
            ForeignRow(
                ["handle_chinese_chars"], .warned([true], "llama.cpp makes each Chinese character a word")),
        ])

    /// The kinds of `post_processor` that say which tokens stand around a text.
    static let postProcessors = [
        "BertProcessing", "ByteLevel", "RobertaProcessing", "Sequence", "TemplateProcessing",
    ]

    /// `tokenizer_config.json`.
    static let settings = ForeignTable(
        "tokenizer_config.json", ends: ["_token", "_tokens", "_token_id", "_tag"],
        [
            ForeignRow(
                [
                    "add_bos_token", "add_eos_token", "add_sep_token", "bos_token", "eos_token", "unk_token",
                    "pad_token", "sep_token", "cls_token", "mask_token", "additional_special_tokens",
                    "extra_special_tokens", "added_tokens_decoder", "model_specific_special_tokens",
                ], .read("the special tokens")),
            ForeignRow(["chat_template"], .read("the chat template")),
            ForeignRow(["add_prefix_space"], .read("whether a blank comes before a text")),
            ForeignRow(["tokenizer_class"], .read("what is meant where files say nothing")),
            ForeignRow(["clean_up_tokenization_spaces"], .read("how added tokens are spelled")),
            ForeignRow(
                ["split_special_tokens"],
                .warned([false], "llama.cpp finds special tokens in a text as a whole")),
            ForeignRow(
                [
                    "do_lower_case", "strip_accents", "tokenize_chinese_chars", "do_basic_tokenize",
                    "never_split",
                ],
                .ignored("the normalizer of tokenizer.json decides")),
            ForeignRow(["sp_model_kwargs"], .object),
            ForeignRow(
                [
                    "legacy", "spaces_between_special_tokens", "add_dummy_prefix_space", "from_slow",
                    "extra_ids",
                ],
                .ignored("llama.cpp has one way to treat blanks beside special tokens")),
            ForeignRow(
                [
                    "model_max_length", "max_length", "max_len", "truncation_side", "truncation_strategy",
                    "padding_side", "pad_to_multiple_of", "pad_token_type_id", "stride", "padding",
                    "truncation", "model_input_names", "return_token_type_ids", "return_attention_mask",
                    "max_seq_length",
                ], .ignored("how many tokens are taken is decided where it is run")),
            ForeignRow(
                [
                    "auto_map", "backend", "is_local", "local_files_only", "device_map", "errors",
                    "name_or_path",
                    "processor_class", "image_processor_type", "feature_extractor_type",
                    "special_tokens_map_file",
                    "tokenizer_file", "vocab_file", "merges_file", "trim_offsets", "use_fast",
                    "tokenizer_type",
                    "use_default_system_prompt", "response_schema", "fix_mistral_regex", "force_download",
                    "trust_remote_code", "token", "use_auth_token", "cache_dir", "revision", "subfolder",
                    "_commit_hash", "verbose", "init_inputs", "full_tokenizer_file", "keep_accents",
                    "add_bos_token_in_chat", "mode", "phrase_tokens", "offset", "mask_token_sent",
                    "source_lang", "target_lang", "use_source_tokenizer", "default_chat_template",
                    "transformers_version", "_from_auto", "_name_or_path", "_processor_class",
                    "tokenizer_version",
                    "image_token_index", "enable_thinking", "image_seq_length", "wordpieces_prefix",
                    "cls_token_box",
                ], .ignored("how files are found and texts are decoded")),
        ])

    /// `sp_model_kwargs` of `tokenizer_config.json`.
    static let pieces = ForeignTable(
        "sp_model_kwargs of tokenizer_config.json",
        [
            ForeignRow(["enable_sampling"], .warned([false], "llama.cpp always takes the best pieces")),
            ForeignRow(["nbest_size", "alpha"], .ignored("only with enable_sampling")),
            ForeignRow(["add_bos", "add_eos", "reverse"], .warned([false], "the other settings decide")),
        ])

    /// `special_tokens_map.json`.
    static let specials = ForeignTable(
        "special_tokens_map.json", ends: ["_token", "_tokens"],
        [
            ForeignRow(
                [
                    "bos_token", "eos_token", "unk_token", "pad_token", "sep_token", "cls_token",
                    "mask_token",
                    "additional_special_tokens", "extra_special_tokens",
                ], .read("the special tokens, where tokenizer_config.json does not name them"))
        ])

    /// Compares all files of a tokenizer.
    static func findings(_ files: ModelDocuments) throws(ConversionError) -> [ForeignFinding] {
        var all: [ForeignFinding] = []
        if let json = try files.json("tokenizer.json") {
            var review = ForeignReview(file: "tokenizer.json")
            review.check(json, tokenizer)
            if let own = json["model"] { review.check(own, model, in: "model.") }
            checkNormalizer(json["normalizer"] ?? .null, "normalizer.", &review)
            checkProcessor(json["post_processor"] ?? .null, "post_processor.", &review)
            checkTokens((json["added_tokens"]?.array ?? []).map { ("added_tokens", $0) }, &review)
            all += review.findings
        }
        if let json = try files.json("tokenizer_config.json") {
            var review = ForeignReview(file: "tokenizer_config.json")
            review.check(json, settings)
            if let own = json["sp_model_kwargs"] { review.check(own, pieces, in: "sp_model_kwargs.") }
            checkTokens(
                (json["added_tokens_decoder"]?.members ?? []).map { ("added_tokens_decoder", $0.value) },
                &review)
            all += review.findings
        }
        if let json = try files.json("special_tokens_map.json") {
            var review = ForeignReview(file: "special_tokens_map.json")
            review.check(json, specials)
            all += review.findings
        }
        return all
    }

    /// Each problem of added tokens once, however many have it.
    private static func checkTokens(_ tokens: [(place: String, token: JSON)], _ review: inout ForeignReview) {
        var keys: Set<ExactName> = []
        for (place, token) in tokens {
            for member in token.members ?? [] where !keys.contains(ExactName(member.key)) {
                let before = review.findings.count
                review.check(.object([member]), added, in: place + ".….")
                if review.findings.count > before { keys.insert(ExactName(member.key)) }
            }
        }
    }

    private static func checkNormalizer(_ json: JSON, _ place: String, _ review: inout ForeignReview) {
        for (index, step) in (json["normalizers"]?.array ?? []).enumerated() {
            checkNormalizer(step, "\(place)\(index).", &review)
        }
        guard json["type"]?.string == .some("BertNormalizer") else { return }
        review.check(json, bertNormalizer, in: place)
        let lowercase = json["lowercase"]?.bool ?? true
        if let strips = json["strip_accents"]?.bool, strips != lowercase {
            review.report(
                place + "strip_accents", .warning,
                "is \(strips): llama.cpp takes accents away if letters become small, and only then")
        }
    }

    private static func checkProcessor(_ json: JSON, _ place: String, _ review: inout ForeignReview) {
        for (index, step) in (json["processors"]?.array ?? []).enumerated() {
            checkProcessor(step, "\(place)\(index).", &review)
        }
        guard json != .null else { return }
        let type = json["type"]?.string ?? ""
        if !postProcessors.containsExactly(type) {
            review.report(
                place + "type", .warning,
                "is \(ForeignReview.shown(json["type"] ?? .null)): which tokens stand around a text is not known"
            )
        }
    }
}
