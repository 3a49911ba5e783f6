import Manifests

/// Findings as workflow commands, which GitHub Actions shows beside the lines of a pull request.
///
/// Format: "Workflow commands for GitHub Actions" in GitHub's documentation; what is escaped follows the
/// toolkit's `core/src/command.ts`. GitHub shows at most 10 errors and 10 warnings of a step, so the summary has
/// all of them.
struct GitHubCommands {
    /// What is told.
    let report: Report
    /// Whether notes are told, too.
    let notes: Bool

    /// One line for each finding.
    var text: String {
        report.told(notes: notes).map { line($0) + "\n" }.joined()
    }

    private func line(_ finding: Diagnostic) -> String {
        var properties: [String] = []
        if let location = report.location(of: finding), let file = report.root.relative(location.file) {
            properties.append("file=\(Self.property(file))")
            if let line = location.line { properties.append("line=\(line)") }
            if location.line != nil, let column = location.column { properties.append("col=\(column)") }
        }
        properties.append("title=\(Self.property(finding.code.rawValue))")
        let message = finding.lines.joined(separator: "\n")
        return "::\(level(finding.severity)) \(properties.joined(separator: ","))::\(Self.data(message))"
    }

    private func level(_ severity: Diagnostic.Severity) -> String {
        severity == .note ? "notice" : severity.rawValue
    }

    private static func data(_ text: String) -> String {
        escaped(text, ["%": "%25", "\r": "%0D", "\n": "%0A"])
    }

    private static func property(_ text: String) -> String {
        escaped(text, ["%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"])
    }

    private static func escaped(_ text: String, _ table: [Unicode.Scalar: String]) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if let code = table[scalar] {
                result.append(contentsOf: code.unicodeScalars)
            } else {
                result.append(scalar)
            }
        }
        return DiagnosticText.printable(String(result))
    }

    /// People's text in the log of a job, where no line may be taken for a command: file names come from
    /// strangers. GitHub's runner looks for "::" behind leading white space, and for "##[" anywhere.
    static func harmless(_ text: String) -> String {
        guard text.contains("::") || text.contains("##[") else { return text }
        return text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            let start = line.drop { $0.isWhitespace }
            let shown =
                start.utf8.starts(with: "::".utf8)
                ? line.prefix(line.count - start.count) + "'" + start : line
            return shown.replacing("##[", with: "# #[")
        }.joined(separator: "\n")
    }
}
