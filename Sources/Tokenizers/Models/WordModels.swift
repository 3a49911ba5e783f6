import Formats

/// Whole words only.
struct WordLevelModel: TokenModel {
    private let vocabulary: TokenIDs
    private let unknown: String

    /// Reads the model of a `tokenizer.json`.
    init(_ part: TokenizerPart) throws(ConversionError) {
        vocabulary = try TokenIDs(part)
        unknown = try part.string("unk_token")
    }

    var vocabularySize: Int { vocabulary.count }

    func id(of token: Span<UInt8>) -> Int? { vocabulary.id(of: token).map { Int($0) } }

    func token(of id: Int) -> [UInt8]? { vocabulary.token(of: id) }

    func encode(_ word: [Unicode.Scalar]) throws(ConversionError) -> [Int] {
        let text = WordBytes(word)
        if let id = vocabulary.id(of: text.bytes.span) { return [Int(id)] }
        return [try vocabulary.unknown(unknown)]
    }
}

/// The longest pieces of a word from its beginning, those within it with a prefix.
struct WordPieceModel: TokenModel {
    private let vocabulary: TokenIDs
    private let unknown: String
    private let prefix: [UInt8]
    private let longestWord: Int

    /// Reads the model of a `tokenizer.json`.
    init(_ part: TokenizerPart) throws(ConversionError) {
        vocabulary = try TokenIDs(part)
        unknown = try part.string("unk_token")
        prefix = Array(try part.string("continuing_subword_prefix").utf8)
        longestWord = try part.integer("max_input_chars_per_word")
    }

    var vocabularySize: Int { vocabulary.count }

    func id(of token: Span<UInt8>) -> Int? { vocabulary.id(of: token).map { Int($0) } }

    func token(of id: Int) -> [UInt8]? { vocabulary.token(of: id) }

    func encode(_ word: [Unicode.Scalar]) throws(ConversionError) -> [Int] {
        guard word.count <= longestWord else { return [try vocabulary.unknown(unknown)] }
        let text = WordBytes(word)
        var ids: [Int] = []
        var start = 0
        while start < word.count {
            var end = word.count
            var found: UInt32?
            while end > start, found == nil {
                let range = text.starts[start]..<text.starts[end]
                if start == 0 {
                    found = vocabulary.id(of: text.bytes.span.extracting(range))
                } else {
                    let inner = prefix + text.bytes[range]
                    found = vocabulary.id(of: inner.span)
                }
                if found == nil { end -= 1 }
            }
            guard let found else { return [try vocabulary.unknown(unknown)] }
            ids.append(Int(found))
            start = end
        }
        return ids
    }
}

extension TokenIDs {
    /// The id of the token for what is not known.
    func unknown(_ token: String) throws(ConversionError) -> Int {
        guard let id = id(of: token) else {
            throw ConversionError(
                .tokenizerBroken,
                "tokenizer.json is broken: the vocabulary lacks the unknown token '\(token)'")
        }
        return Int(id)
    }
}
