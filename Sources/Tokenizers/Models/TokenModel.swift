import Formats

/// What makes tokens of a word.
protocol TokenModel: Sendable {
    /// How many tokens it has, counted as the keys of its vocabulary.
    var vocabularySize: Int { get }

    /// The id of a token, or `nil`.
    func id(of token: Span<UInt8>) -> Int?

    /// The token of an id in UTF-8, or `nil`.
    func token(of id: Int) -> [UInt8]?

    /// The ids of a word's tokens; the word is not empty.
    func encode(_ word: [Unicode.Scalar]) throws(ConversionError) -> [Int]
}
