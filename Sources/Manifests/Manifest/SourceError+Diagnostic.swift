extension Diagnostic {
    /// A text on a command line that should be a source and is none.
    package static func source(_ text: String, _ error: SourceError) -> Diagnostic {
        Diagnostic(
            code: .usage, "the source \(quoted(text)) \(error.message)", notes: ["allowed: \(error.allowed)"],
            fix: error.suggestion.map { "did you mean \(quoted($0))?" }, verdict: .undecided)
    }
}
