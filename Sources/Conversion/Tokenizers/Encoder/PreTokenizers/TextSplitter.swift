import Tensors

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
        default: throw part.unknown(type)
        }
    }
}

/// One pre-tokenizer after the other.
struct SplitterSequence: TextSplitter {
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

    init(_ part: TokenizerPart) throws(ConversionError) {
        pattern = try TextPattern(part, "pattern")
        let name = try part.string("behavior")
        guard let behavior = SplitBehavior(rawValue: name) else {
            throw part.broken("the behavior '\(name)' is not known")
        }
        self.behavior = behavior
        inverts = try part.bool("invert", default: false)
    }

    func split(_ piece: TextPiece) throws(ConversionError) -> [TextPiece] {
        piece.split(at: try pattern.matches(in: piece.scalars), behavior, invert: inverts)
    }
}
