import Formats

/// Writes spaces as another character, puts one before the text, and splits before each.
struct MetaspaceSplitter: TextSplitter {
    private enum Scheme: String {
        case first, never, always
    }

    private let replacement: Unicode.Scalar
    private let scheme: Scheme
    private let splits: Bool

    /// Reads the settings of a `Metaspace`.
    /// - Throws: ``ConversionError`` where one of them is no value that is known.
    init(_ part: TokenizerPart) throws(ConversionError) {
        replacement = try part.scalar("replacement")
        splits = try part.bool("split", default: true)
        let name = try part.optionalString("prepend_scheme") ?? "always"
        guard let scheme = Scheme(rawValue: name) else {
            throw part.broken("the prepend_scheme '\(name)' is not known")
        }
        // Old files have a truth value.
        self.scheme = try part.bool("add_prefix_space", default: true) ? scheme : .never
    }

    func split(_ piece: TextPiece) throws(ConversionError) -> [TextPiece] {
        var piece = piece
        piece.map { scalar, result in result.append(scalar == " " ? replacement : scalar) }
        if piece.scalars.first != replacement, scheme == .always || (scheme == .first && piece.leading > 0) {
            piece.prepend([replacement])
        }
        guard splits else { return [piece] }
        let places = piece.scalars.indices.filter { piece.scalars[$0] == replacement }
        return piece.split(at: places.map { $0..<$0 + 1 }, .mergedWithNext)
    }
}
