package import Formats
package import Tensors

extension Vocabulary {
    /// Adds a BPE on bytes, as GPT-2's: `tokenizer.json`, or `vocab.json` and `merges.txt`.
    /// - Parameters:
    ///   - special: kinds of special tokens with the texts of added tokens, for kinds that no file names.
    ///   - control: texts of tokens that are for control, whatever the tokenizer says of them.
    ///   - without: kinds of special tokens that are left out.
    ///   - keepsKinds: whether added tokens are for control where the tokenizer says so alone, and have its texts.
    /// - Throws: if there is no vocabulary or there are no merges, or `vocab_size` is less than there are tokens.
    package func addBPE(
        to metadata: inout ModelMetadata, special: [(kind: String, token: String)] = [],
        control: Set<ExactName> = [], keepsKinds: Bool = false, without: [String] = []
    ) throws(ConversionError) {
        let files = try tokenizerFiles()
        let tokens = try transformersTokens()
        let merges = try Self.merges(files)
        var table = try transformersTable(tokens, keepsKinds: keepsKinds)
        for id in 0..<table.count where control.contains(ExactName(table.texts[id])) {
            table.set(id, table.texts[id], .control)
        }
        table.add(model: "gpt2", pre: try preTokenizerName(), scored: false, to: &metadata)
        var around = try SpecialTokens(files, without: without)
        around.merges = merges
        for (kind, token) in special {
            guard let id = tokens.addedID(of: token) else {
                throw ConversionError(
                    .tokenMissing, "the tokenizer has no added token \"\(token)\"",
                    fix: "check that tokenizer.json belongs to this model")
            }
            try around.set(kind, id)
        }
        around.add(to: &metadata)
    }

    /// Adds a WordPiece, as BERT's: `tokenizer.json`, or `vocab.txt`. Tokens that begin a word begin with U+2581,
    /// those that go on lose their `##`.
    package func addWordPiece(to metadata: inout ModelMetadata) throws(ConversionError) {
        let files = try tokenizerFiles()
        var table = try transformersTable(try transformersTokens())
        metadata["tokenizer.ggml.token_type_count"] = try tokenTypeCount()
        table.rewrite { text, type in
            if type == .control { return text }
            return text.hasUTF8Prefix("##") ? String(text.utf8.dropFirst(2)) ?? text : "\u{2581}" + text
        }
        table.add(model: "bert", pre: try preTokenizerName(), scored: false, to: &metadata)
        try SpecialTokens(files, limit: table.count).add(to: &metadata)
    }

    /// The number of kinds of segments, `type_vocab_size`.
    package func tokenTypeCount() throws(ConversionError) -> GGUFContent {
        guard let value = config["type_vocab_size"], value != .null else { return .uint32(1) }
        guard let count = value.integer.flatMap(UInt32.init(exactly:)) else {
            throw ConversionError(
                .configValueWrong, "config.json: \"type_vocab_size\" is not a whole number",
                fix: "check that it is the config.json of this model")
        }
        return .uint32(count)
    }

    private static func merges(_ files: TokenizerDocuments) throws(ConversionError) -> [String] {
        var merges = try Merges.read(files.tokenizer)
        if merges.isEmpty, let text = files.files.text("merges.txt") { merges = TokenizerText.merges(text) }
        guard !merges.isEmpty else {
            throw ConversionError(
                .mergesMissing,
                files.tokenizer == nil
                    ? "there is no merges.txt with merges" : "tokenizer.json has no \"merges\" in \"model\"",
                notes: ["llama.cpp cannot use a BPE without merges"],
                fix: "download tokenizer.json, or vocab.json and merges.txt, of this model again")
        }
        return merges
    }

    /// The table of a tokenizer that transformers loads.
    /// - Throws: where it has a token past the configured number.
    func transformersTable(
        _ tokens: TransformersTokens, keepsKinds: Bool = false
    ) throws(ConversionError) -> TokenTable {
        let count = try configuredCount() ?? tokens.count
        let (highest, text) = tokens.highest
        guard highest < count else {
            throw ConversionError(
                .vocabularySize,
                "\(tokens.path) has the token \"\(text.prefix(40))\" with the id \(highest), but \"vocab_size\" in "
                    + "config.json is \(count)",
                fix:
                    "check that both are of this model; set \"vocab_size\" to the rows of its embeddings if they are"
            )
        }
        let spelling = try AddedSpelling(try tokenizerFiles())
        var table = try TokenTable(placeholders: count)
        for id in 0..<count {
            guard let (own, added) = tokens.token(id) else { continue }
            guard let added else {
                table.set(id, own, .normal)
                continue
            }
            if keepsKinds {
                table.set(id, own, added.isSpecial ? .control : .userDefined)
                continue
            }
            let text = added.isNormalized ? own : try spelling.text(of: own)
            if added.isSpecial || TokenType.looksSpecial(text) {
                table.set(id, text, .control)
            } else {
                table.set(id, text.replacingUTF8("\u{2581}", with: " "), .userDefined)
            }
        }
        return table
    }
}
