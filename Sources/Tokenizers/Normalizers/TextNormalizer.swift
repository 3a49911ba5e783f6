import Formats

/// What changes a text before it is split.
protocol TextNormalizer: Sendable {
    /// Changes a piece that is no token yet; how much of it comes from the text's beginning is kept up.
    /// - Throws: ``ConversionError`` where matching an expression was given up.
    func normalize(_ piece: inout TextPiece) throws(ConversionError)
}

/// Makes the normalizers of a `tokenizer.json`.
enum TextNormalizers {
    /// - Throws: where a normalizer is broken or not known.
    static func make(_ part: TokenizerPart) throws(ConversionError) -> any TextNormalizer {
        let type = try part.type()
        switch type {
        case "Sequence":
            var steps: [any TextNormalizer] = []
            for step in try part.parts("normalizers") { steps.append(try make(step)) }
            return NormalizerSequence(steps: steps)
        case "Replace":
            return ReplaceNormalizer(
                pattern: try TextPattern(part, "pattern"),
                content: Array(try part.string("content").unicodeScalars))
        case "Prepend": return PrependNormalizer(added: Array(try part.string("prepend").unicodeScalars))
        case "ByteLevel": return ByteLevelNormalizer()
        case "Lowercase": return LowercaseNormalizer()
        case "Strip":
            return StripNormalizer(
                left: try part.bool("strip_left", default: true),
                right: try part.bool("strip_right", default: true))
        case "StripAccents": return StripAccentsNormalizer()
        case "Nmt": return NmtNormalizer()
        case "BertNormalizer": return try BertNormalizer(part)
        case "Precompiled": return try PrecompiledNormalizer(part)
        default:
            if let form = NormalizationForm(rawValue: type) { return FormNormalizer(form: form) }
            throw part.unknown(type)
        }
    }
}

/// One normalizer after the other.
struct NormalizerSequence: TextNormalizer {
    /// The normalizers, in the order in which they are applied.
    let steps: [any TextNormalizer]

    func normalize(_ piece: inout TextPiece) throws(ConversionError) {
        for step in steps { try step.normalize(&piece) }
    }
}

/// Puts one string in the place of every match of a pattern.
struct ReplaceNormalizer: TextNormalizer {
    /// What is replaced; matches do not overlap.
    let pattern: TextPattern
    /// What comes in the place of each match.
    let content: [Unicode.Scalar]

    func normalize(_ piece: inout TextPiece) throws(ConversionError) {
        piece.replace(try pattern.matches(in: piece.scalars), by: content)
    }
}

/// Puts a string before every text that is not empty.
struct PrependNormalizer: TextNormalizer {
    /// What is put before the text.
    let added: [Unicode.Scalar]

    func normalize(_ piece: inout TextPiece) throws(ConversionError) { piece.prepend(added) }
}

/// Writes the bytes of the text as characters.
struct ByteLevelNormalizer: TextNormalizer {
    func normalize(_ piece: inout TextPiece) throws(ConversionError) { ByteCharacters.encode(&piece) }
}
