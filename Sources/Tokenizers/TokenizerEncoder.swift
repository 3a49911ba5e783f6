package import Formats

/// Makes token ids of a text as the Python package `tokenizers` does by a `tokenizer.json`.
///
/// Truncation and padding are left out, as they are when a model is converted.
package struct TokenizerEncoder: Sendable {
    private let normalizer: (any TextNormalizer)?
    private let splitter: (any TextSplitter)?
    private let model: any TokenModel
    private let processor: PostProcessor
    private let added: AddedVocabulary
    private let decoder: TokenDecoder?

    /// Reads a tokenizer.
    /// - Parameter tokenizer: the content of `tokenizer.json`.
    /// - Throws: where it is broken or asks for what is not supported.
    package init(tokenizer: JSON) throws(ConversionError) {
        let part = TokenizerPart(tokenizer, "the tokenizer")
        normalizer = try Self.part(part, "normalizer").map { (part) throws(ConversionError) in
            try TextNormalizers.make(part)
        }
        splitter = try Self.part(part, "pre_tokenizer").map { (part) throws(ConversionError) in
            try TextSplitters.make(part)
        }
        guard let model = Self.part(part, "model") else { throw part.broken("'model' is missing") }
        self.model = try TokenModels.make(model)
        processor =
            try Self.part(part, "post_processor").map { (part) throws(ConversionError) in
                try PostProcessor(part)
            } ?? .none
        decoder = try Self.part(part, "decoder").map { (part) throws(ConversionError) in
            try TokenDecoder(part)
        }
        var tokens: [AddedTokenRule] = []
        if part["added_tokens"] != nil {
            for token in try part.parts("added_tokens") { tokens.append(try AddedTokenRule(token)) }
        }
        added = try AddedVocabulary(tokens, model: self.model, normalizer: normalizer)
    }

    private static func part(_ tokenizer: TokenizerPart, _ key: String) -> TokenizerPart? {
        tokenizer[key].map { TokenizerPart($0.json, key) }
    }

    /// The ids of a text's tokens.
    /// - Parameter addSpecialTokens: whether tokens such as the one that begins a text are put around them.
    /// - Throws: where a regular expression of the tokenizer takes too long, or a word has no tokens.
    package func encode(_ text: String, addSpecialTokens: Bool = true) throws(ConversionError) -> [Int] {
        var ids: [Int] = []
        for piece in try added.extract(Array(text.unicodeScalars), normalizer: normalizer) {
            if let token = piece.token {
                ids.append(token)
                continue
            }
            for word in try splitter?.split(piece) ?? [piece] where !word.scalars.isEmpty {
                ids += try model.encode(word.scalars)
            }
        }
        return addSpecialTokens ? processor.process(ids) : ids
    }

    /// The text of token ids; ids that stand for nothing are left out.
    /// - Parameter skipSpecialTokens: whether special tokens are left out, too.
    package func decode(_ ids: [Int], skipSpecialTokens: Bool = false) throws(ConversionError) -> String {
        var tokens: [[UInt8]] = []
        for id in ids {
            if let token = added.token(of: id) {
                if !(skipSpecialTokens && token.isSpecial) { tokens.append(Array(token.content.utf8)) }
            } else if let token = model.token(of: id) {
                tokens.append(token)
            }
        }
        guard let decoder else {
            return String(decoding: Array(tokens.joined(separator: [0x20])), as: UTF8.self)
        }
        let parts = try decoder.decode(
            tokens.map { Array(String(decoding: $0, as: UTF8.self).unicodeScalars) })
        var text = String.UnicodeScalarView()
        for part in parts { text.append(contentsOf: part) }
        return String(text)
    }

    /// The id of a token, an added one or one of the model; `nil` if there is none.
    package func id(of token: String) -> Int? {
        let bytes = Array(token.utf8)
        return added.id(of: bytes.span) ?? model.id(of: bytes.span)
    }
}

/// Makes the model of a `tokenizer.json`.
enum TokenModels {
    /// Makes the model of `tokenizer.json`, by its `type`; without one it is a BPE.
    /// - Throws: ``ConversionError`` where it is broken or not known.
    static func make(_ part: TokenizerPart) throws(ConversionError) -> any TokenModel {
        // Old files do not name the type of a BPE model.
        let type = try part.optionalString("type") ?? "BPE"
        switch type {
        case "BPE": return try BPEModel(part)
        case "WordPiece": return try WordPieceModel(part)
        case "Unigram": return try UnigramModel(part)
        case "WordLevel": return try WordLevelModel(part)
        default: throw part.unknown(type)
        }
    }
}
