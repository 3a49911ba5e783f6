package import Formats

/// What makes a text of tokens.
package indirect enum TokenDecoder: Sendable {
    /// The characters of all tokens are bytes.
    case byteLevel
    /// What a pattern matches is replaced.
    case replace(TextPattern, [Unicode.Scalar])
    /// `<0x0A>` is a byte.
    case byteFallback
    /// All tokens become one.
    case fuse
    /// A character is taken away at the beginning and at the end, so many times at most.
    case strip(Unicode.Scalar, start: Int, stop: Int)
    /// A character stands for a space, but at the beginning of the first token where `dropsFirst`.
    case metaspace(Unicode.Scalar, dropsFirst: Bool)
    /// Tokens without the prefix begin a word.
    case wordPiece(prefix: [Unicode.Scalar], cleansUp: Bool)
    /// A suffix ends a word.
    case bpe(suffix: [Unicode.Scalar])
    /// One after the other.
    case sequence([TokenDecoder])

    /// Reads the decoder of a `tokenizer.json`.
    package init(_ part: TokenizerPart) throws(ConversionError) {
        let type = try part.type()
        switch type {
        case "ByteLevel": self = .byteLevel
        case "Replace":
            let content = Array(try part.string("content").unicodeScalars)
            self = .replace(try TextPattern(part, "pattern"), content)
        case "ByteFallback": self = .byteFallback
        case "Fuse": self = .fuse
        case "Strip":
            self = .strip(
                try part.scalar("content"), start: try part.integer("start"), stop: try part.integer("stop"))
        case "Metaspace":
            let scheme = try part.optionalString("prepend_scheme") ?? "always"
            let adds = try part.bool("add_prefix_space", default: true)
            self = .metaspace(try part.scalar("replacement"), dropsFirst: adds && scheme != "never")
        case "WordPiece":
            self = .wordPiece(
                prefix: Array(try part.string("prefix").unicodeScalars),
                cleansUp: try part.bool("cleanup", default: true))
        case "BPEDecoder": self = .bpe(suffix: Array(try part.string("suffix").unicodeScalars))
        case "Sequence":
            var steps: [TokenDecoder] = []
            for step in try part.parts("decoders") { steps.append(try TokenDecoder(step)) }
            self = .sequence(steps)
        default: throw part.unknown(type)
        }
    }

    /// What the decoder makes of tokens, before they are joined to a text.
    package func decode(_ tokens: [[Unicode.Scalar]]) throws(ConversionError) -> [[Unicode.Scalar]] {
        switch self {
        case .byteLevel:
            var bytes: [UInt8] = []
            for token in tokens {
                // A token that is no bytes, such as an added one, is text.
                bytes += ByteCharacters.decode(token) ?? WordBytes(token).bytes
            }
            return [Array(String(decoding: bytes, as: UTF8.self).unicodeScalars)]
        case .replace(let pattern, let content):
            var result: [[Unicode.Scalar]] = []
            for token in tokens {
                var piece = TextPiece(token, leading: 0)
                piece.replace(try pattern.matches(in: token), by: content)
                result.append(piece.scalars)
            }
            return result
        case .byteFallback: return Self.joinBytes(tokens)
        case .fuse: return [Array(tokens.joined())]
        case .strip(let scalar, let start, let stop):
            return tokens.map { token in
                let head = token.prefix(start).prefix { $0 == scalar }.count
                let tail = token.reversed().prefix(stop).prefix { $0 == scalar }.count
                return head + tail <= token.count ? Array(token[head..<token.count - tail]) : []
            }
        case .metaspace(let scalar, let dropsFirst):
            return tokens.enumerated().map { index, token in
                token.compactMap { $0 == scalar ? (index == 0 && dropsFirst ? nil : " ") : $0 }
            }
        case .wordPiece(let prefix, let cleansUp):
            return tokens.enumerated().map { index, token in
                var word = token
                if index > 0 {
                    word = token.starts(with: prefix) ? Array(token.dropFirst(prefix.count)) : [" "] + token
                }
                return cleansUp ? Self.cleanUp(word) : word
            }
        case .bpe(let suffix):
            return tokens.enumerated().map { index, token in
                Self.replace(suffix, in: token, by: index == tokens.count - 1 ? [] : [" "])
            }
        case .sequence(let steps):
            var tokens = tokens
            for step in steps { tokens = try step.decode(tokens) }
            return tokens
        }
    }

    /// Joins the bytes of tokens in a row to text; bytes that are none become U+FFFD each.
    private static func joinBytes(_ tokens: [[Unicode.Scalar]]) -> [[Unicode.Scalar]] {
        var result: [[Unicode.Scalar]] = []
        var bytes: [UInt8] = []
        func flush() {
            if bytes.isEmpty { return }
            if let text = String(validating: bytes, as: UTF8.self) {
                result.append(Array(text.unicodeScalars))
            } else {
                for _ in bytes { result.append(["\u{FFFD}"]) }
            }
            bytes = []
        }
        for token in tokens {
            if token.count == 6, token.starts(with: "<0x".unicodeScalars), token[5] == ">",
                let byte = UInt8(String(String.UnicodeScalarView(token[3..<5])), radix: 16)
            {
                bytes.append(byte)
            } else {
                flush()
                result.append(token)
            }
        }
        flush()
        return result
    }

    private static func cleanUp(_ word: [Unicode.Scalar]) -> [Unicode.Scalar] {
        let rules = [
            (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"),
            (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
        ]
        var word = word
        for (from, to) in rules {
            word = replace(Array(from.unicodeScalars), in: word, by: Array(to.unicodeScalars))
        }
        return word
    }

    private static func replace(
        _ wanted: [Unicode.Scalar], in text: [Unicode.Scalar], by content: [Unicode.Scalar]
    ) -> [Unicode.Scalar] {
        guard !wanted.isEmpty else { return text }
        var piece = TextPiece(text, leading: 0)
        guard let matches = try? TextPattern.string(wanted).matches(in: text) else { return text }
        piece.replace(matches, by: content)
        return piece.scalars
    }
}
