/// The words of a codebook: the combinations of levels that neighbouring elements may have together.
struct Codebook: Sendable {
    /// The words' codes by number, ascending.
    let codes: [UInt16]

    /// - Parameter text: the codes with white space between them: octal for ``OctalWord``, so that a digit is
    ///   a level, and hexadecimal for others.
    init<Shape: CodewordShape>(_ shape: Shape.Type, _ text: String) {
        let radix = Shape.levelBits == 3 ? 8 : 16
        codes = text.utf8.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") }
            .compactMap { UInt16(Substring($0), radix: radix) }
    }
}
