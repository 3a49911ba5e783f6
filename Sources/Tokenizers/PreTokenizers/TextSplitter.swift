import Formats

/// What splits a text into words before the model sees it.
protocol TextSplitter: Sendable {
    /// The pieces of a piece that is no token yet; empty ones are dropped afterwards.
    func split(_ piece: TextPiece) throws(ConversionError) -> [TextPiece]
}

/// Makes the pre-tokenizers of a `tokenizer.json`.
enum TextSplitters {
    /// - Throws: where a pre-tokenizer is broken or not known.
    static func make(_ part: TokenizerPart) throws(ConversionError) -> any TextSplitter {
        let type = try part.type()
        switch type {
        case "Sequence":
            var steps: [any TextSplitter] = []
            for step in try part.parts("pretokenizers") { steps.append(try make(step)) }
            return SplitterSequence(steps: steps)
        case "ByteLevel": return try ByteLevelSplitter(part)
        case "Split": return try PatternSplitter(part)
        case "Metaspace": return try MetaspaceSplitter(part)
        case "BertPreTokenizer": return BertSplitter()
        case "Whitespace": return WhitespaceSplitter()
        case "WhitespaceSplit": return ScalarSplitter(behavior: .removed) { $0.properties.isWhitespace }
        case "Digits":
            let isSingle = try part.bool("individual_digits", default: false)
            return ScalarSplitter(behavior: isSingle ? .isolated : .contiguous) {
                ScalarCategories.number.contains($0.category)
            }
        case "Punctuation":
            return ScalarSplitter(behavior: try SplitBehavior(part, default: .isolated)) { $0.isPunctuation }
        case "CharDelimiterSplit":
            let delimiter = try part.scalar("delimiter")
            return ScalarSplitter(behavior: .removed) { $0 == delimiter }
        case "UnicodeScripts": return ScriptSplitter()
        case "FixedLength": return LengthSplitter(length: try part.integer("length"))
        default: throw part.unknown(type)
        }
    }
}

/// One pre-tokenizer after the other.
struct SplitterSequence: TextSplitter {
    /// The pre-tokenizers, each of which splits the pieces of the one before.
    let steps: [any TextSplitter]

    func split(_ piece: TextPiece) throws(ConversionError) -> [TextPiece] {
        var pieces = [piece]
        for step in steps {
            var next: [TextPiece] = []
            for piece in pieces { next += try step.split(piece).filter { !$0.scalars.isEmpty } }
            pieces = next
        }
        return pieces
    }
}

/// Splits at the matches of a pattern.
struct PatternSplitter: TextSplitter {
    private let pattern: TextPattern
    private let behavior: SplitBehavior
    private let inverts: Bool

    /// Reads the settings of a `Split`.
    /// - Throws: ``ConversionError`` where the pattern is not supported or another setting is not known.
    init(_ part: TokenizerPart) throws(ConversionError) {
        pattern = try TextPattern(part, "pattern")
        behavior = try SplitBehavior(part)
        inverts = try part.bool("invert", default: false)
    }

    func split(_ piece: TextPiece) throws(ConversionError) -> [TextPiece] {
        piece.split(at: try pattern.matches(in: piece.scalars), behavior, invert: inverts)
    }
}

extension SplitBehavior {
    /// Reads the member `behavior`.
    init(_ part: TokenizerPart, default standard: SplitBehavior? = nil) throws(ConversionError) {
        if let standard, part["behavior"] == nil {
            self = standard
            return
        }
        let name = try part.string("behavior")
        guard let behavior = SplitBehavior(rawValue: name) else {
            throw part.broken("the behavior '\(name)' is not known")
        }
        self = behavior
    }
}
