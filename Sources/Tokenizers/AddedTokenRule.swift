import Formats

/// A token that is looked for in the text before the model sees it.
struct AddedTokenRule: Equatable, Sendable {
    /// The text that becomes the token.
    let content: String
    /// Whether it is found only where no letter or digit touches it.
    var isSingleWord = false
    /// Whether it takes the white space before it.
    var stripsLeft = false
    /// Whether it takes the white space behind it.
    var stripsRight = false
    /// Whether it is looked for, normalized, in the normalized text.
    var isNormalized = false
    /// Whether it is left out when tokens become text.
    var isSpecial = false

    /// Reads an element of `added_tokens`.
    init(_ part: TokenizerPart) throws(ConversionError) {
        content = try part.string("content")
        isSingleWord = try part.bool("single_word", default: false)
        stripsLeft = try part.bool("lstrip", default: false)
        stripsRight = try part.bool("rstrip", default: false)
        isNormalized = try part.bool("normalized", default: true)
        isSpecial = try part.bool("special", default: false)
    }

    /// As strings, byte by byte.
    static func == (left: Self, right: Self) -> Bool {
        left.content.hasSameBytes(as: right.content) && left.isSingleWord == right.isSingleWord
            && left.stripsLeft == right.stripsLeft && left.stripsRight == right.stripsRight
            && left.isNormalized == right.isNormalized && left.isSpecial == right.isSpecial
    }
}
