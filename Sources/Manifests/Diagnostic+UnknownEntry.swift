import Formats

extension Diagnostic {
    /// A name that is that of no entry.
    /// - Parameters:
    ///   - name: what was named.
    ///   - known: the names that there are, in the order in which they are told.
    ///   - message: the finding's sentence.
    package static func unknownEntry(
        _ name: String, among known: [String], _ message: String
    ) -> Diagnostic {
        let probable = Suggestion.nearest(to: name, among: known)
        return Diagnostic(
            code: .unknownEntry, message,
            notes: ["its entries: \(known.isEmpty ? "none" : known.joined(separator: ", "))"],
            fix: probable.map { "did you mean \(quoted($0))?" }, verdict: .undecided)
    }
}
