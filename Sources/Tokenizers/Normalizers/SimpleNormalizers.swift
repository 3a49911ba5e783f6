import Formats

/// One of the normalization forms of Unicode.
struct FormNormalizer: TextNormalizer {
    /// The form that texts are brought into.
    let form: NormalizationForm

    func normalize(_ piece: inout TextPiece) throws(ConversionError) { form.apply(&piece) }
}

/// Every scalar in lower case, without regard to what stands around it.
struct LowercaseNormalizer: TextNormalizer {
    func normalize(_ piece: inout TextPiece) throws(ConversionError) { piece.lowercase() }
}

/// Takes white space away at the ends.
struct StripNormalizer: TextNormalizer {
    /// Whether white space goes at the beginning.
    let left: Bool
    /// Whether white space goes at the end.
    let right: Bool

    func normalize(_ piece: inout TextPiece) throws(ConversionError) {
        let count = left ? piece.scalars.prefix { $0.properties.isWhitespace }.count : 0
        piece.scalars.removeFirst(count)
        piece.leading = max(0, piece.leading - count)
        guard right else { return }
        while piece.scalars.last?.properties.isWhitespace ?? false { piece.scalars.removeLast() }
    }
}

/// Leaves out marks that stand on or around other characters.
struct StripAccentsNormalizer: TextNormalizer {
    func normalize(_ piece: inout TextPiece) throws(ConversionError) {
        piece.keep { !$0.isMark }
    }
}

/// What the machine translation of Google does first: control characters are left out, and all that looks like white
/// space becomes a space (sentencepiece, `builder.cc`).
struct NmtNormalizer: TextNormalizer {
    func normalize(_ piece: inout TextPiece) throws(ConversionError) {
        piece.map { scalar, result in
            switch scalar.value {
            case 0x01...0x08, 0x0B, 0x0E...0x1F, 0x7F, 0x8F, 0x9F: break
            case 0x09, 0x0A, 0x0C, 0x0D, 0x1680, 0x200B...0x200F, 0x2028, 0x2029, 0x2581, 0xFEFF, 0xFFFD:
                result.append(" ")
            default: result.append(scalar)
            }
        }
    }
}

extension TextPiece {
    /// Leaves out the scalars that are not wanted.
    mutating func keep(_ isWanted: (Unicode.Scalar) -> Bool) {
        map { scalar, result in if isWanted(scalar) { result.append(scalar) } }
    }

    /// Writes every scalar in lower case.
    mutating func lowercase() {
        map { scalar, result in
            if scalar.isKnown {
                result += scalar.properties.lowercaseMapping.unicodeScalars
            } else {
                result.append(scalar)
            }
        }
    }
}
