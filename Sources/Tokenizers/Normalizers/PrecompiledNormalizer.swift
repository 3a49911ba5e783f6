import Formats

/// Replaces what a table of sentencepiece names: `precompiled_charsmap`.
///
/// The table is the number of bytes of a trie, the trie as 32-bit units of a double array (darts-clone), and texts that
/// end with a zero each. All numbers are little-endian.
struct PrecompiledNormalizer: TextNormalizer {
    private let units: [UInt32]
    private let texts: ArraySlice<UInt8>

    /// Reads `precompiled_charsmap`.
    /// - Throws: ``ConversionError`` where it is not Base64 or shorter than it states.
    init(_ part: TokenizerPart) throws(ConversionError) {
        guard let bytes = Base64.bytes(try part.string("precompiled_charsmap"), .standard) else {
            throw part.broken("'precompiled_charsmap' is not Base64")
        }
        func number(at place: Int) -> UInt32 {
            (0..<4).reduce(0) { $0 | UInt32(bytes[place + $1]) << UInt32(8 * $1) }
        }
        guard bytes.count >= 4, case let size = Int(number(at: 0)), size % 4 == 0, size <= bytes.count - 4
        else {
            throw part.broken("'precompiled_charsmap' is cut off")
        }
        units = stride(from: 4, to: 4 + size, by: 4).map { number(at: $0) }
        texts = bytes[(4 + size)...]
    }

    func normalize(_ piece: inout TextPiece) throws(ConversionError) {
        var result: [Unicode.Scalar] = []
        var newLeading = piece.leading
        var index = 0
        for character in String(String.UnicodeScalarView(piece.scalars)) {
            let scalars = Array(character.unicodeScalars)
            // A cluster of up to five bytes is looked for as a whole; what is found may be its beginning only, and
            // still takes the place of all: so the reference has it.
            if character.utf8.count < 6, let text = replacement(Array(character.utf8)) {
                result += text
            } else {
                for scalar in scalars {
                    result += replacement(Array(String(scalar).utf8)) ?? [scalar]
                }
            }
            if index < piece.leading { newLeading = result.count }
            index += scalars.count
        }
        piece.scalars = result
        piece.leading = piece.leading == 0 ? 0 : newLeading
    }

    /// The text of the shortest key that `key` begins with.
    private func replacement(_ key: [UInt8]) -> [Unicode.Scalar]? {
        guard let root = units.first else { return nil }
        var node = Self.offset(root)
        for byte in key {
            if byte == 0 { return nil }
            node ^= Int(byte)
            guard node < units.count, units[node] & 0x8000_00FF == UInt32(byte) else { return nil }
            let unit = units[node]
            node ^= Self.offset(unit)
            guard unit >> 8 & 1 == 1 else { continue }
            guard node < units.count else { return nil }
            let start = texts.startIndex + Int(units[node] & 0x7FFF_FFFF)
            guard start <= texts.endIndex else { return nil }
            let text = texts[start...].prefix { $0 != 0 }
            return Array(String(decoding: text, as: UTF8.self).unicodeScalars)
        }
        return nil
    }

    private static func offset(_ unit: UInt32) -> Int {
        Int(unit >> 10) << Int((unit & 0x200) >> 6)
    }
}
