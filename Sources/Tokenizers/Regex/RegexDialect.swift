/// Which language a regular expression is written in.
///
/// All of them become the same ``RegexNode`` and are run by the same ``RegexMatcher``; a dialect is a parser and
/// the few things below.
package enum RegexDialect: Sendable {
    /// The regular expressions of Hugging Face's tokenizers, over Unicode scalars.
    case oniguruma
    /// Those of C++'s `std::regex`, over bytes, as llama-quantize's `--tensor-type` has them.
    case ecmaScript
    /// Those of Python's `re` over printable ASCII, as configurations of PEFT have them.
    case python

    /// What a pattern means.
    func parse(_ pattern: String) throws(RegexError) -> RegexNode {
        switch self {
        case .oniguruma:
            var parser = RegexParser(pattern)
            return try parser.parse()
        case .ecmaScript:
            var parser = ECMAScriptParser(pattern)
            return try parser.parse()
        case .python:
            var parser = PythonParser(pattern)
            return try parser.parse()
        }
    }

    /// What `\b` and `\B` take for a word.
    var word: ScalarSet {
        switch self {
        case .oniguruma: .word
        case .ecmaScript, .python: .asciiWord
        }
    }
}
