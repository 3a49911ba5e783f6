import Formats
import Manifests

/// What a command found and how it ended, from which every format is made.
struct Report {
    /// The command's name.
    let command: String
    /// The findings in the order in which they were reported.
    let findings: [Diagnostic]
    /// The exit code.
    let exitCode: Int32
    /// The file that the command is about: where findings are that are in no text file.
    let subject: String?
    /// How files are named from the repository's root.
    let root: SourceRoot

    /// The findings that are told: notes only where they were asked for.
    func told(notes: Bool) -> [Diagnostic] {
        notes ? findings : findings.filter { $0.severity != .note }
    }

    /// Where a finding is shown: its own place, else the command's subject.
    func location(of finding: Diagnostic) -> Diagnostic.Location? {
        finding.location ?? subject.map { Diagnostic.Location(file: $0) }
    }

    /// "2 errors, 1 warning"; "everything holds" if there is neither.
    var counts: String {
        let errors = findings.count { $0.severity == .error }
        let warnings = findings.count { $0.severity == .warning }
        var parts: [String] = []
        if errors > 0 { parts.append(Counted.text(errors, "error")) }
        if warnings > 0 { parts.append(Counted.text(warnings, "warning")) }
        if !parts.isEmpty { return parts.joined(separator: ", ") }
        return exitCode == 0 ? "everything holds" : "it does not hold"
    }
}

extension Diagnostic {
    /// The sentence, the notes and the remedy, a line each.
    var lines: [String] {
        [message] + notes + (fix.map { ["fix: \($0)"] } ?? [])
    }
}
