package import Formats

extension TokenizerEncoder {
    /// Reads the tokenizer of a model as the Python package `transformers` (4.57) loads it.
    ///
    /// That is `tokenizer.json`, changed as the class of the tokenizer changes it by `tokenizer_config.json`; without
    /// that file the tokenizer is made of `vocab.json` and `merges.txt`, or of `vocab.txt`.
    /// - Parameters:
    ///   - files: the model's files.
    ///   - config: its `config.json`.
    ///   - parsed: the content of `tokenizer.json`, where it was read before.
    package init(files: ModelDocuments, config: JSON, parsed: JSON? = nil) throws(ConversionError) {
        let settings = try files.json("tokenizer_config.json") ?? .object([])
        let loader = TokenizerLoader(settings: settings, config: config)
        let tokenizer: JSON
        // `??` takes no closure that throws errors of one type.
        let read = parsed == nil ? try files.json("tokenizer.json") : parsed
        if let whole = read {
            guard whole.members != nil else {
                throw ConversionError(.tokenizerBroken, "tokenizer.json is broken: it is not an object")
            }
            tokenizer = whole
        } else {
            tokenizer = try loader.tokenizer(of: files)
        }
        try self.init(tokenizer: try loader.adjusted(tokenizer))
    }
}
