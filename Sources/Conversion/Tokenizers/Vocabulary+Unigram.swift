package import Formats
import Tensors

extension Vocabulary {
    /// Adds the Unigram model of XLM-RoBERTa and of what is built like it: `sentencepiece.bpe.model`, whose first
    /// tokens fairseq put in another order, or `tokenizer.json`.
    /// - Parameter masksAt: the id of `<mask>` that the SentencePiece model lacks; `nil` where it is not wanted.
    package func addUnigram(to metadata: inout ModelMetadata, masksAt mask: Int? = nil)
        throws(ConversionError)
    {
        let files = try tokenizerFiles()
        let unigram =
            files.files["sentencepiece.bpe.model"] == nil
            ? try fastUnigram(files) : try fairseqUnigram(mask)
        unigram.table.add(model: "t5", pre: "default", scored: true, to: &metadata)
        metadata["tokenizer.ggml.add_space_prefix"] = .bool(unigram.addsPrefix)
        metadata["tokenizer.ggml.token_type_count"] = try tokenTypeCount()
        metadata["tokenizer.ggml.remove_extra_whitespaces"] = .bool(unigram.removesSpaces)
        metadata["tokenizer.ggml.precompiled_charsmap"] = .uint8s(unigram.charsmap)
        try SpecialTokens(files, limit: unigram.table.count).add(to: &metadata)
    }

    /// Adds the Unigram model of T5: `tokenizer.model` or `spiece.model`, with what `added_tokens.json` adds; Pile-T5
    /// has a BPE in the first.
    package func addT5(to metadata: inout ModelMetadata) throws(ConversionError) {
        let files = try tokenizerFiles()
        let path: RelativePath = hasSentencePiece ? "tokenizer.model" : "spiece.model"
        let model = try sentencePiece(path)
        if model.kind == .bpe, hasSentencePiece { return try addSentencePiece(to: &metadata) }
        let count = try configuredCount() ?? model.pieces.count
        guard model.kind == .unigram else {
            throw ConversionError(
                .tokenizerKind, "\(path) is not a Unigram model, which a model of this architecture has",
                fix: "check that all files are of this model")
        }
        guard model.pieces.count <= count else {
            throw ConversionError(
                .vocabularySize,
                "\(path) has \(model.pieces.count) pieces, but \"vocab_size\" in config.json is \(count)",
                fix: "check that both are of this model")
        }
        var table = try TokenTable(placeholders: count)
        for (id, piece) in model.pieces.enumerated() {
            table.set(id, piece.text, score: piece.score, piece.type)
        }
        for token in try files.addedTokensFile() where token.id < count {
            table.set(token.id, token.text, score: -1000, .userDefined)
        }
        table.add(model: "t5", pre: "default", scored: true, to: &metadata)
        metadata["tokenizer.ggml.add_space_prefix"] = .bool(model.addsDummyPrefix)
        metadata["tokenizer.ggml.remove_extra_whitespaces"] = .bool(model.removesExtraWhitespaces)
        metadata["tokenizer.ggml.precompiled_charsmap"] = .uint8s(model.precompiledCharsmap)
        try SpecialTokens(files, limit: table.count).add(to: &metadata)
    }

    private struct Unigram {
        var table: TokenTable
        var addsPrefix: Bool
        var removesSpaces: Bool
        var charsmap: [UInt8]
    }

    private func fairseqUnigram(_ mask: Int?) throws(ConversionError) -> Unigram {
        let path: RelativePath = "sentencepiece.bpe.model"
        let model = try sentencePiece(path)
        guard model.kind == .unigram else {
            throw ConversionError(
                .tokenizerKind, "\(path) is not a Unigram model, which a model of this architecture has",
                fix: "check that all files are of this model")
        }
        let pieces = model.pieces
        guard pieces.count >= 4 else { throw .broken(path.text, "it has only \(pieces.count) pieces") }
        var table = try TokenTable(placeholders: max(try configuredCount() ?? 0, pieces.count))
        for (id, piece) in pieces.enumerated() {
            table.set(id, piece.text, score: piece.score, piece.type)
        }
        table.trim(before: 3)
        table.prepend([("<s>", .control), ("<pad>", .control), ("</s>", .control), ("<unk>", .unknown)])
        if let mask {
            guard mask < table.count else {
                throw .broken(path.text, "it has no place for <mask> at \(mask)")
            }
            table.set(mask, "<mask>", .control)
        }
        return Unigram(
            table: table, addsPrefix: model.addsDummyPrefix, removesSpaces: model.removesExtraWhitespaces,
            charsmap: model.precompiledCharsmap)
    }

    private func fastUnigram(_ files: TokenizerDocuments) throws(ConversionError) -> Unigram {
        guard let tokenizer = files.tokenizer else {
            throw .missingFile(
                "sentencepiece.bpe.model or tokenizer.json", for: "a model of this architecture has")
        }
        guard let pieces = tokenizer["model"]?["vocab"]?.array else {
            throw .broken(
                "tokenizer.json", "it is not a Unigram model, which a model of this architecture has")
        }
        let tokens = try transformersTokens()
        let special = Set(tokens.special.compactMap { tokens.id(of: $0) })
        let unknown =
            Self.text(files.settings?["unk_token"]).flatMap { tokens.addedID(of: $0) }
            ?? tokenizer["model"]?["unk_id"]?.integer ?? 3
        var table = try TokenTable(placeholders: max(try configuredCount() ?? 0, pieces.count))
        for (id, piece) in pieces.enumerated() {
            guard let score = piece.array?.dropFirst().first?.double else {
                throw .broken("tokenizer.json", "the token \(id) has no score")
            }
            guard let (text, added) = tokens.token(id) else { continue }
            let type: TokenType =
                id == unknown
                ? .unknown : special.contains(id) ? .control : added != nil ? .userDefined : .normal
            table.set(id, text, score: Float(score), type)
        }
        return Unigram(
            table: table, addsPrefix: files.settings?["add_prefix_space"]?.isTruthy ?? false,
            removesSpaces: files.settings?["clean_up_tokenization_spaces"]?.isTruthy ?? false,
            charsmap: try Self.charsmap(tokenizer["normalizer"]))
    }

    private static func text(_ token: JSON?) -> String? { token?.string ?? token?["content"]?.string }

    /// The map of a `Precompiled` normalizer, also of one in a sequence.
    private static func charsmap(_ normalizer: JSON?) throws(ConversionError) -> [UInt8] {
        let steps = normalizer?["normalizers"]?.array ?? [normalizer ?? .null]
        guard let text = steps.lazy.compactMap({ $0["precompiled_charsmap"]?.string }).first else {
            throw .broken("tokenizer.json", "its normalizer has no \"precompiled_charsmap\"")
        }
        guard let bytes = Base64.bytes(text, .standard) else {
            throw .broken("tokenizer.json", "\"precompiled_charsmap\" is not Base64")
        }
        return bytes
    }
}
