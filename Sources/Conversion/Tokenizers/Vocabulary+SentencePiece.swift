package import Formats
import Tensors

extension Vocabulary {
    /// Adds a SentencePiece model, `tokenizer.model`, with the tokens that `added_tokens.json` and
    /// `tokenizer_config.json` add or rename.
    /// - Parameter countsPerLayer: whether there are as many tokens as have an input of their own for each layer, where
    ///   the configuration states that.
    /// - Throws: if there is no `tokenizer.model`, or it is broken.
    package func addSentencePiece(
        to metadata: inout ModelMetadata, countsPerLayer: Bool = true
    ) throws(ConversionError) {
        try add(try sentencePieceTable(countsPerLayer: countsPerLayer), to: &metadata)
    }

    /// Adds a SentencePiece model as Phi-3 has it: `tokenizer.json` adds tokens too, and one is special only where
    /// its file states it.
    package func addPhi3SentencePiece(to metadata: inout ModelMetadata) throws(ConversionError) {
        let files = try tokenizerFiles()
        let model = try sentencePiece("tokenizer.model")
        let count = try configuredCount() ?? model.pieces.count
        var table = try TokenTable(placeholders: count)
        guard model.pieces.count <= count else {
            throw Self.pastEnd(model.pieces.count - 1, "tokenizer.model", count)
        }
        for (id, piece) in model.pieces.enumerated() {
            table.set(id, piece.text, score: piece.score, piece.type)
        }
        for token in try files.addedTokensFile() where token.id < count {
            table.set(token.id, token.text, score: -1000, .userDefined)
        }
        try Self.rename(&table, files)
        try add(table, to: &metadata)
    }

    /// Adds a SentencePiece model as InternLM2 has it: its own padding is unused, and a text for a conversation
    /// ends with `<|im_end|>`.
    package func addInternLM2(to metadata: inout ModelMetadata) throws(ConversionError) {
        let files = try tokenizerFiles()
        let model = try sentencePiece("tokenizer.model")
        let count = try configuredCount() ?? model.pieces.count
        guard count <= model.pieces.count else {
            throw ConversionError(
                .vocabularySize,
                "tokenizer.model has \(model.pieces.count) pieces, but \"vocab_size\" in config.json is \(count)",
                fix: "check that both are of this model")
        }
        var table = TokenTable()
        for piece in model.pieces.prefix(count) {
            let text = piece.text.hasSameBytes(as: "\0") ? "🐉" : piece.text
            table.append(
                text, score: piece.score, piece.text.hasUTF8Prefix("[UNUSED") ? .unused : piece.type)
        }
        for token in try files.addedTokensFile() { table.append(token.text, score: -1000, .userDefined) }
        let renamed = try Self.rename(&table, files)
        table.add(model: "llama", pre: "default", scored: true, to: &metadata)
        metadata["tokenizer.ggml.add_space_prefix"] = .bool(model.addsDummyPrefix)
        var special = try SpecialTokens(files, limit: table.count)
        if let end = renamed.last(where: { $0.text.hasSameBytes(as: "<|im_end|>") }) {
            special.replace("eos", end.id)
        }
        special.add(to: &metadata)
    }

    /// Adds a SentencePiece model as InternLM3 has it: a text ends with `<|im_end|>` if there is that token.
    package func addInternLM3(to metadata: inout ModelMetadata) throws(ConversionError) {
        let files = try tokenizerFiles()
        let table = try sentencePieceTable()
        table.add(model: "llama", pre: "default", scored: true, to: &metadata)
        var special = try SpecialTokens(files, limit: table.count)
        if let adds = files.settings?["add_prefix_space"] {
            metadata["tokenizer.ggml.add_space_prefix"] = .bool(adds.isTruthy)
        }
        for token in try files.addedTokensDecoder()
        where token.isSpecial && token.id < table.count && token.text.hasSameBytes(as: "<|im_end|>") {
            if special.ids.contains(where: { $0.kind == "eos" }) { special.replace("eos", token.id) }
        }
        special.add(to: &metadata)
    }

    /// Adds a SentencePiece model as Arctic has it: `tokenizer_config.json` puts other tokens in the places of some, which
    /// keep the scores that such tokens have in a model.
    package func addArctic(to metadata: inout ModelMetadata) throws(ConversionError) {
        let files = try tokenizerFiles()
        let model = try sentencePiece("tokenizer.model")
        let count = try configuredCount() ?? model.pieces.count
        guard model.pieces.count <= count else {
            throw Self.pastEnd(model.pieces.count - 1, "tokenizer.model", count)
        }
        var table = try TokenTable(placeholders: count)
        for (id, piece) in model.pieces.enumerated() {
            table.set(id, piece.text, score: piece.score, piece.type)
        }
        let unknown = files.settings?["unk_token"]?.string ?? ""
        for token in try files.addedTokensDecoder() where token.id < count {
            let type: TokenType = token.text.hasSameBytes(as: unknown) ? .unknown : .control
            table.set(
                token.id, token.text, score: token.isSpecial ? 0 : -10000,
                token.isSpecial ? type : .userDefined)
        }
        try add(table, to: &metadata)
    }

    /// Adds the tokens of `tokenizer.json` in the form of a SentencePiece model without scores, as XVERSE has them.
    package func addXverse(to metadata: inout ModelMetadata) throws(ConversionError) {
        let tokens = try transformersTokens()
        let count = try configuredCount() ?? tokens.count
        guard tokens.highest.id < count else { throw Self.pastEnd(tokens.highest.id, tokens.path, count) }
        var table = TokenTable()
        for id in 0..<count {
            guard let (text, added) = tokens.token(id) else {
                throw .broken(tokens.path, "no token has the id \(id)")
            }
            if text.hasSameBytes(as: "\0") {
                table.append("<b'\\x00'>", .byte)
            } else if Self.isByte(text) {
                table.append(text, .byte)
            } else {
                table.append(text, added.map { $0.isSpecial ? .control : .userDefined } ?? .normal)
            }
        }
        table.add(model: "llama", pre: "default", scored: false, to: &metadata)
        try SpecialTokens(try tokenizerFiles(), limit: table.count).add(to: &metadata)
    }

    /// Whether a token stands for a byte, as `<0x0A>`.
    private static func isByte(_ text: String) -> Bool {
        text.utf8.count == 6 && text.hasUTF8Prefix("<0x") && text.hasUTF8Suffix(">")
            && text.utf8.dropFirst(3).prefix(2).allSatisfy { Character(Unicode.Scalar($0)).isHexDigit }
    }

    /// Adds a BPE of `tokenizer.json` whose unknown characters become bytes, in the form of a SentencePiece model.
    package func addByteFallbackBPE(to metadata: inout ModelMetadata) throws(ConversionError) {
        try add(try byteFallbackTable(), to: &metadata)
    }

    /// Adds a BPE of Gemma 4's, which is of the same kind: its merges are written, the tokens that frame what is not
    /// said to a reader are shown, and a text begins with its first token.
    /// - Throws: also where `tokenizer.json` is of another kind.
    package func addGemma4(to metadata: inout ModelMetadata) throws(ConversionError) {
        guard isByteFallbackBPE else {
            throw .missingFile(
                "tokenizer.json of a BPE whose unknown characters become bytes",
                for: "a model of this architecture has")
        }
        let files = try tokenizerFiles()
        var table = try byteFallbackTable()
        let shown: Set<ExactName> = [
            "<|channel>", "<channel|>", "<|tool_call>", "<tool_call|>", "<|tool_response>",
            "<tool_response|>", "<|\"|>",
        ]
        for id in 0..<table.count where shown.contains(table.texts[id]) {
            table.set(id, table.texts[id], score: table.scores[id], .userDefined)
        }
        table.add(model: "gemma4", pre: nil, scored: true, to: &metadata)
        var special = try SpecialTokens(files)
        special.merges = try Merges.read(files.tokenizer)
        special.add(to: &metadata)
        metadata["tokenizer.ggml.add_space_prefix"] = .bool(false)
        metadata["tokenizer.ggml.add_bos_token"] = .bool(true)
    }

    private func byteFallbackTable() throws(ConversionError) -> TokenTable {
        let tokens = try transformersTokens()
        let special = Set(tokens.special.compactMap { tokens.id(of: $0) })
        var table = TokenTable()
        for id in 0..<tokens.ownCount {
            guard let (text, _) = tokens.token(id) else {
                throw .broken(tokens.path, "no token has the id \(id)")
            }
            table.append(
                text, score: -1000, Self.isByte(text) ? .byte : special.contains(id) ? .control : .normal)
        }
        for (id, token) in tokens.added.sorted(by: { $0.key < $1.key }) where id >= tokens.ownCount {
            table.append(token.text, score: -1000, special.contains(id) ? .control : .userDefined)
        }
        return table
    }

    // MARK: Parts

    private func add(_ table: TokenTable, to metadata: inout ModelMetadata) throws(ConversionError) {
        table.add(model: "llama", pre: "default", scored: true, to: &metadata)
        try SpecialTokens(try tokenizerFiles(), limit: table.count).add(to: &metadata)
    }

    /// Reads a SentencePiece model.
    func sentencePiece(_ path: RelativePath) throws(ConversionError) -> SentencePieceModel {
        let files = try tokenizerFiles().files
        guard let bytes = files[path] else {
            throw .missingFile(path.text, for: "a model of this architecture has")
        }
        return try SentencePieceModel(bytes, path: path.text)
    }

    private func sentencePieceTable(countsPerLayer: Bool = true) throws(ConversionError) -> TokenTable {
        let files = try tokenizerFiles()
        let model = try sentencePiece("tokenizer.model")
        var count = try configuredCount() ?? model.pieces.count
        if countsPerLayer, let own = config["vocab_size_per_layer_input"]?.integer, own > 0 { count = own }
        var table = try TokenTable(placeholders: count)
        for (id, piece) in model.pieces.prefix(count).enumerated() {
            table.set(id, piece.text, score: piece.score, piece.type)
        }
        for token in try files.addedTokensFile() where token.id < count {
            table.set(token.id, token.text, score: -1000, .userDefined)
        }
        for token in try files.addedTokensDecoder() where token.id < count {
            if token.isSpecial || TokenType.looksSpecial(token.text) {
                table.set(token.id, token.text, score: -1000, .control)
            } else {
                let text = token.text.replacingUTF8("\u{2581}", with: " ")
                table.set(token.id, text, score: -1000, .userDefined)
            }
        }
        return table
    }

    /// Puts the tokens of `tokenizer_config.json` and `tokenizer.json` at their places.
    /// - Returns: those tokens.
    @discardableResult
    private static func rename(
        _ table: inout TokenTable, _ files: TokenizerDocuments
    ) throws(ConversionError) -> [AddedEntry] {
        let decoder = try files.addedTokensDecoder()
        let added = try files.addedTokens()
        for (tokens, path) in [(decoder, "tokenizer_config.json"), (added, "tokenizer.json")] {
            for token in tokens {
                guard token.id >= 0, token.id < table.count else {
                    throw pastEnd(token.id, path, table.count)
                }
                table.set(token.id, token.text, score: -1000, token.isSpecial ? .control : .userDefined)
            }
        }
        return decoder + added
    }

    private static func pastEnd(_ id: Int, _ path: String, _ count: Int) -> ConversionError {
        ConversionError(
            .vocabularySize,
            "\(path) has a token with the id \(id), but \"vocab_size\" in config.json is \(count)",
            fix:
                "check that both are of this model; set \"vocab_size\" to the rows of its embeddings if they are"
        )
    }
}
