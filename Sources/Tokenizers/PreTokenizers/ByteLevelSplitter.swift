import Formats

/// Splits as GPT-2 does and writes the bytes of the words as characters.
struct ByteLevelSplitter: TextSplitter {
    private let addsPrefixSpace: Bool
    private let pattern: TextPattern?

    /// Reads the settings of a `ByteLevel`.
    /// - Throws: ``ConversionError`` where one of them is no truth value.
    init(_ part: TokenizerPart) throws(ConversionError) {
        addsPrefixSpace = try part.bool("add_prefix_space", default: true)
        pattern = try part.bool("use_regex", default: true) ? TextPattern(constant: Self.gpt2) : nil
    }

    /// The pattern of GPT-2: contractions, letters, digits and other characters, each with a space before it.
    private static let gpt2 = #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#

    func split(_ piece: TextPiece) throws(ConversionError) -> [TextPiece] {
        var piece = piece
        if addsPrefixSpace, piece.scalars.first != " " { piece.prepend([" "]) }
        var pieces = [piece]
        if let pattern { pieces = piece.split(at: try pattern.matches(in: piece.scalars), .isolated) }
        for index in pieces.indices { ByteCharacters.encode(&pieces[index]) }
        return pieces
    }
}
