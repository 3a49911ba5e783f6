import Formats

/// What the files of sentence-transformers mean for a GGUF, which ends with pooling (sentence-transformers 5.5).
enum SentenceKeys {
    /// An entry of `modules.json`.
    static let module = ForeignTable(
        "modules.json",
        [
            ForeignRow(["type"], .read("the module; one that is not in a GGUF is a warning")),
            ForeignRow(["path"], .read("where its configuration is")),
            ForeignRow(["idx", "name"], .ignored("modules are taken in the order of the list")),
            ForeignRow(["kwargs"], .ignored("which inputs are handed on")),
        ])

    /// `1_Pooling/config.json`.
    static let pooling = ForeignTable(
        "config.json of a Pooling module",
        [
            ForeignRow(
                ["pooling_mode"], .read("the mean, the first or the last token; several at once are an error")
            ),
            ForeignRow(
                ["pooling_mode_cls_token", "pooling_mode_mean_tokens", "pooling_mode_lasttoken"],
                .read("the mean, the first or the last token; several at once are an error"), .flag),
            ForeignRow(
                [
                    "pooling_mode_max_tokens", "pooling_mode_mean_sqrt_len_tokens",
                    "pooling_mode_weightedmean_tokens",
                ], .only([false], "GGUF has no number for it")),
            ForeignRow(
                ["include_prompt"], .warned([true], "llama.cpp takes the tokens of a prompt in")),
            ForeignRow(
                ["word_embedding_dimension", "embedding_dimension"], .ignored("the model's own size decides")),
        ])

    /// `sentence_bert_config.json`.
    static let transformer = ForeignTable(
        "sentence_bert_config.json",
        [
            ForeignRow(
                ["max_seq_length"], .ignored("how many tokens are taken is decided where it is run")),
            ForeignRow(
                ["do_lower_case"],
                .warned([false], "llama.cpp takes a text as it is, and the tokenizer's rules alone")),
            ForeignRow(
                [
                    "model_args", "tokenizer_args", "config_args", "model_kwargs", "tokenizer_kwargs",
                    "processor_kwargs", "config_kwargs", "transformer_task", "modality_config",
                    "module_output_name", "backend", "unpad_inputs", "processing_kwargs",
                ], .ignored("how the program loads the model")),
        ])

    /// `config_sentence_transformers.json`.
    static let model = ForeignTable(
        "config_sentence_transformers.json",
        [
            ForeignRow(["__version__", "model_type"], .ignored("who wrote it")),
            ForeignRow(["prompts"], .ignored("a GGUF has no prompts; a program puts them before a text")),
            ForeignRow(
                ["default_prompt_name"],
                .noted([], "sentence-transformers puts this prompt before every text, and llama.cpp does not")
            ),
            ForeignRow(
                ["similarity_fn_name", "truncate_dim", "activation_fn"],
                .ignored("what is done with embeddings afterwards")),
        ])

    /// The modules that are in a GGUF; `Normalize` is what llama.cpp's programs do in any case.
    static let modules = ["Transformer", "Pooling", "Normalize"]

    /// Compares all files.
    static func findings(_ files: ModelDocuments) throws(ConversionError) -> [ForeignFinding] {
        var all: [ForeignFinding] = []
        if let list = try files.json("modules.json")?.array {
            var review = ForeignReview(file: "modules.json")
            for (index, entry) in list.enumerated() {
                review.check(entry, module, in: "\(index).")
                let type = entry["type"]?.string ?? ""
                let name = type.split(separator: ".").last.map(String.init) ?? ""
                let isTheirs = type.hasUTF8Prefix("sentence_transformers.")
                if !isTheirs || !modules.containsExactly(name) {
                    review.report(
                        "\(index).type", .warning,
                        "is \(ForeignReview.shown(entry["type"] ?? .null)): the module is not in the GGUF, so that embeddings are others"
                    )
                }
                guard isTheirs, name == "Pooling",
                    let path = RelativePath((entry["path"]?.string ?? "") + "/config.json"),
                    let config = try files.json(path)
                else { continue }
                all += poolingFindings(config, path.text)
            }
            all = review.findings + all
        }
        for (path, table) in [
            ("sentence_bert_config.json", transformer), ("config_sentence_transformers.json", model),
        ] as [(RelativePath, ForeignTable)] {
            guard let json = try files.json(path) else { continue }
            var review = ForeignReview(file: path.text)
            review.check(json, table)
            all += review.findings
        }
        return all
    }

    private static func poolingFindings(_ config: JSON, _ path: String) -> [ForeignFinding] {
        var review = ForeignReview(file: path)
        review.check(config, pooling)
        let modes = ["pooling_mode_mean_tokens", "pooling_mode_cls_token", "pooling_mode_lasttoken"]
            .filter { config[$0]?.flag == true }
        if modes.count > 1 {
            review.report(
                modes[1], .error,
                "is true: \(modes[0]) is, too, and a GGUF has one way to make one vector of many")
        }
        return review.findings
    }
}
