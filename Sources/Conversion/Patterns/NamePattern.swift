import Tokenizers

/// A regular expression that is looked for in a tensor's name: ECMAScript's, over bytes, as C++'s
/// `std::regex_search` takes them.
struct NamePattern: Sendable {
    private let program: RegexProgram

    /// Reads a pattern.
    /// - Throws: with the place in bytes from the start of the pattern.
    init(_ text: String) throws(RegexError) {
        program = try RegexProgram(text, dialect: .ecmaScript)
    }

    /// Whether the pattern is found anywhere in `name`.
    /// - Throws: where that takes more steps than are allowed.
    func isFound(in name: [UInt8]) throws(RegexError) -> Bool {
        let scalars = name.map { Unicode.Scalar($0) }
        var matcher = RegexMatcher(program, scalars[...])
        return try matcher.isFound()
    }
}
