import Formats

/// What the parser of command lines says of a wrong one, in Knapsack's form.
enum CommandMistake {
    /// The parser's message as findings are written, and with the value that was probably meant.
    static func text(_ message: String) -> String {
        var lines = message.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard let first = lines.first, first.utf8.starts(with: "Error: ".utf8) else { return message }
        let sentence = String(Substring(first.utf8.dropFirst("Error: ".utf8.count)))
        lines[0] = "error: \(sentence)"
        if let probable = suggestion(for: sentence) {
            lines.insert("  fix: did you mean \"\(probable)\"?", at: 1)
        }
        return lines.joined(separator: "\n")
    }

    /// "The value 'x' is invalid for '<y>'. Please provide one of 'a', 'b' and 'c'." (ArgumentParser 1.5)
    private static func suggestion(for sentence: String) -> String? {
        guard sentence.utf8.starts(with: "The value '".utf8) else { return nil }
        let words = sentence.utf8.split(separator: UInt8(ascii: "'"), omittingEmptySubsequences: false)
            .map { String(Substring($0)) }
        guard words.count > 5, let start = words.firstIndex(where: { $0.hasSuffix("provide one of ") }) else {
            return nil
        }
        // Every second part is between quotation marks.
        let allowed = stride(from: start + 1, to: words.count, by: 2).map { words[$0] }
        return Suggestion.nearest(to: words[1], among: allowed)
    }
}
