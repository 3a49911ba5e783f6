import Formats

/// One finding, in the form that every output format is made from.
package struct Diagnostic: Error, Equatable, Sendable {
    /// How much a finding weighs.
    package enum Severity: String, Sendable, CaseIterable {
        /// What was asked for does not hold; decides the exit code.
        case error
        /// Worth a look; the exit code stays 0.
        case warning
        /// Said for information.
        case note
    }

    /// A place in a text file; line and column count from 1, columns in Unicode scalars.
    package struct Location: Equatable, Sendable {
        /// The file, as the user named it.
        package let file: String
        /// The line, or `nil` for the file as a whole.
        package let line: Int?
        /// The column, or `nil` for the whole line.
        package let column: Int?

        /// Makes a location.
        package init(file: String, line: Int? = nil, column: Int? = nil) {
            self.file = file
            self.line = line
            self.column = column
        }
    }

    /// Whether a finding was decided, or could not be.
    package enum Verdict: Sendable {
        /// Something was looked at and does not hold: exit code 1.
        case finding
        /// It could not be looked at (usage, unreadable file, missing cache): exit code 2.
        case undecided
    }

    /// How much it weighs.
    package let severity: Severity
    /// What kind of finding it is; tools see its raw value.
    package let code: FindingCode
    /// One sentence without a full stop: what is wrong, starting with the entry's name if there is one.
    package let message: String
    /// Where, when it is in a text file.
    package let location: Location?
    /// Further lines, such as expected and found values.
    package let notes: [String]
    /// What to do next, without "fix:". ``manifestPlaceholder`` stands for the manifest's name.
    package let fix: String?
    /// Whether an error means exit code 1 or 2.
    package let verdict: Verdict
    /// Whether it would weigh more, and the manifest accepts it.
    package let isAccepted: Bool

    /// Makes a diagnostic of the weight that its code has if none is given, about something that was looked at.
    package init(
        _ severity: Severity? = nil, code: FindingCode, _ message: String, at location: Location? = nil,
        notes: [String] = [], fix: String? = nil, verdict: Verdict = .finding, isAccepted: Bool = false
    ) {
        self.severity = severity ?? code.severity
        self.code = code
        self.message = message
        self.location = location
        self.notes = notes
        self.fix = fix
        self.verdict = verdict
        self.isAccepted = isAccepted
    }

    /// Stands in a fix for the manifest that the user named, which only the command knows.
    package static let manifestPlaceholder = " {manifest}"

    /// The same finding with commands in its fix that can be pasted: they name the manifest, as a word of a shell.
    /// - Parameter manifest: `nil` if the command works on none, or on the one that needs no name.
    package func naming(manifest: String?) -> Diagnostic {
        guard let fix, fix.contains(Diagnostic.manifestPlaceholder) else { return self }
        let word = manifest.map { " " + ShellWord.quoted($0) } ?? ""
        return Diagnostic(
            severity, code: code, message, at: location, notes: notes,
            fix: fix.replacing(Diagnostic.manifestPlaceholder, with: word), verdict: verdict,
            isAccepted: isAccepted)
    }

    /// The same finding with another place.
    package func located(at location: Location?) -> Diagnostic {
        Diagnostic(
            severity, code: code, message, at: location, notes: notes, fix: fix, verdict: verdict,
            isAccepted: isAccepted)
    }
}

/// One or more findings that end a stage.
package struct Diagnostics: Error, Equatable, Sendable {
    /// The findings, in the order in which they should be read; never empty.
    package let all: [Diagnostic]

    /// Makes an error out of findings.
    package init(_ all: [Diagnostic]) { self.all = all }

    /// Makes an error out of one finding.
    package init(_ one: Diagnostic) { all = [one] }
}
