import Formats

/// Splits at single scalars of some kind.
struct ScalarSplitter: TextSplitter {
    /// What becomes of the scalars at which a text is split.
    let behavior: SplitBehavior
    /// Whether a text is split at a scalar.
    let isMatch: @Sendable (Unicode.Scalar) -> Bool

    func split(_ piece: TextPiece) throws(ConversionError) -> [TextPiece] {
        let places = piece.scalars.indices.filter { isMatch(piece.scalars[$0]) }
        return piece.split(at: places.map { $0..<$0 + 1 }, behavior)
    }
}

/// Splits at white space and sets every punctuation mark apart.
struct BertSplitter: TextSplitter {
    func split(_ piece: TextPiece) throws(ConversionError) -> [TextPiece] {
        let spaces = ScalarSplitter(behavior: .removed) { $0.properties.isWhitespace }
        let marks = ScalarSplitter(behavior: .isolated) { $0.isPunctuation }
        return try SplitterSequence(steps: [spaces, marks]).split(piece)
    }
}

/// Words and what stands between them, without white space.
struct WhitespaceSplitter: TextSplitter {
    func split(_ piece: TextPiece) throws(ConversionError) -> [TextPiece] {
        let text = piece.scalars
        var ranges: [Range<Int>] = []
        var start = 0
        func kind(_ index: Int) -> Int {
            AddedVocabulary.isWord(text[index]) ? 1 : text[index].properties.isWhitespace ? 0 : 2
        }
        while start < text.count {
            var end = start + 1
            while end < text.count, kind(end) == kind(start) { end += 1 }
            if kind(start) != 0 { ranges.append(start..<end) }
            start = end
        }
        return ranges.map { piece.slice($0) }
    }
}

/// Splits where the script changes; those of Japanese count as Han, and spaces belong to what is before them.
struct ScriptSplitter: TextSplitter {
    func split(_ piece: TextPiece) throws(ConversionError) -> [TextPiece] {
        var starts: [Int] = []
        var last: UnicodeScript?
        for (index, scalar) in piece.scalars.enumerated() {
            guard let script = Self.script(of: scalar) else { continue }
            if script != last { starts.append(index) }
            last = script
        }
        // What stands before the first script is lost: so the reference has it.
        return zip(starts, starts.dropFirst() + [piece.scalars.count]).map { piece.slice($0..<$1) }
    }

    private static func script(of scalar: Unicode.Scalar) -> UnicodeScript? {
        if scalar == " " { return nil }
        if scalar.value == 0x30FC { return han }
        guard scalar.isOlder(than: 10), let script = UnicodeScript(of: scalar) else { return nil }
        return script == hiragana || script == katakana ? han : script
    }

    private static let han = UnicodeScript(name: "han")
    private static let hiragana = UnicodeScript(name: "hiragana")
    private static let katakana = UnicodeScript(name: "katakana")
}

/// Splits into pieces of one length.
struct LengthSplitter: TextSplitter {
    /// The number of scalars of a piece; the last one has what is left.
    let length: Int

    func split(_ piece: TextPiece) throws(ConversionError) -> [TextPiece] {
        guard length > 0 else {
            throw ConversionError(
                .tokenizerBroken, "tokenizer.json is broken: pieces of no length are asked for")
        }
        return stride(from: 0, to: piece.scalars.count, by: length).map { start in
            piece.slice(start..<min(piece.scalars.count, start + min(length, piece.scalars.count)))
        }
    }
}
