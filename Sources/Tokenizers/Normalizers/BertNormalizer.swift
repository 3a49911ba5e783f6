package import Formats

/// What BERT does to a text first: it cleans it, sets Chinese characters apart, and may take accents and capitals away.
package struct BertNormalizer: TextNormalizer {
    private let cleans: Bool
    private let separatesChinese: Bool
    private let stripsAccents: Bool
    private let lowercases: Bool

    /// Reads the settings of a `BertNormalizer`.
    package init(_ part: TokenizerPart) throws(ConversionError) {
        cleans = try part.bool("clean_text", default: true)
        separatesChinese = try part.bool("handle_chinese_chars", default: true)
        lowercases = try part.bool("lowercase", default: true)
        stripsAccents = try part.bool("strip_accents", default: lowercases)
    }

    func normalize(_ piece: inout TextPiece) throws(ConversionError) {
        if cleans {
            piece.map { scalar, result in
                if scalar == "\0" || scalar == "\u{FFFD}" || Self.isControl(scalar) { return }
                result.append(scalar.properties.isWhitespace ? " " : scalar)
            }
        }
        if separatesChinese {
            piece.map { scalar, result in
                if Self.isChinese(scalar) { result += [" ", scalar, " "] } else { result.append(scalar) }
            }
        }
        if stripsAccents {
            NormalizationForm.nfd.apply(&piece)
            piece.keep { !$0.isNonspacingMark }
        }
        if lowercases { piece.lowercase() }
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar != "\t" && scalar != "\n" && scalar != "\r" && scalar.isControl
    }

    /// The blocks that the reference takes, which leave some out.
    private static func isChinese(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2B73F, 0x2B740...0x2B81F,
            0x2B920...0x2CEAF, 0xF900...0xFAFF, 0x2F800...0x2FA1F:
            true
        default: false
        }
    }
}
