import Formats
import Manifests
import Synchronization

/// One run of one command: what it found, what it states, and how it ends.
final class Session: Sendable {
    /// Where the command runs: its environment, and where it writes.
    let context: CommandContext
    /// In which form findings are told when the command ends.
    let format: ReportFormat
    /// The file that the command is about, where findings are shown that are in no text file.
    let subject: String?
    /// The manifest that commands in fixes name; `nil` if it is the one that needs no name, or there is none.
    let manifest: String?
    /// Whether results for people and progress are left out.
    let quiet: Bool
    /// Whether notes are told, too.
    let verbose: Bool
    private let meter: ProgressMeter
    private let state = Mutex(State())

    private struct State {
        var findings: [Diagnostic] = []
        var data: [JSON.Member] = []
        var differs = false
        var isPrinted = false
    }

    /// Begins a run without findings.
    /// - Parameters:
    ///   - format: `nil` where `--json` decides.
    ///   - subject: the file that the command is about.
    ///   - manifest: the manifest that it works on; fixes do not repeat the usual name.
    init(
        _ context: CommandContext, _ options: OutputOptions, format: ReportFormat? = nil,
        subject: String? = nil, manifest: String? = nil
    ) {
        self.context = context
        self.format = format ?? (options.json ? .json : .text)
        self.subject = subject
        self.manifest = manifest == ManifestArgument.defaultName ? nil : manifest
        quiet = options.quiet
        verbose = options.verbose
        let isForPrograms =
            context.environment[ProgressMeter.variable.name] == ProgressMeter.variable.value
        meter = ProgressMeter(
            terminal: context.terminal, isForPrograms: isForPrograms, write: context.writeError)
    }

    /// Whether one JSON document is asked for.
    var json: Bool { format == .json }

    /// Receives progress; shows nothing with `--quiet`.
    var progress: ProgressHandler {
        if quiet { return { _ in } }
        return { [meter] event in meter.handle(event) }
    }

    /// Reports findings at once and remembers them for the exit code; notes only with `--verbose`, and what was reported
    /// before not again: a lock that is made and then checked says the same twice.
    func report(_ findings: [Diagnostic]) {
        let findings = state.withLock { state in
            findings.map { $0.naming(manifest: manifest) }.filter { finding in
                guard !state.findings.contains(finding) else { return false }
                state.findings.append(finding)
                return true
            }
        }
        guard !findings.isEmpty else { return }
        // As workflow commands they are in the log already.
        guard format != .github else { return }
        meter.clear()
        let painter = DiagnosticText(terminal: context.terminal)
        for finding in findings where finding.severity != .note || verbose {
            context.writeError(painter.text(finding))
        }
    }

    /// States something to people, unless they asked for quiet; a newline is added.
    func say(_ text: String) {
        guard !quiet else { return }
        meter.clear()
        context.writeError(text + "\n")
    }

    /// Adds to the document of `--json`.
    func add(_ key: String, _ value: JSON) {
        state.withLock { $0.data.append(JSON.Member(key, value)) }
    }

    /// Prints a document of a format that others have defined; it takes the place of that of `--json`.
    func print(document: String) {
        meter.clear()
        state.withLock { $0.isPrinted = true }
        context.writeOutput(document)
    }

    /// Makes the exit code 1, for what is an answer and no error.
    func differs() {
        state.withLock { $0.differs = true }
    }

    /// Whether an error was reported.
    var hasErrors: Bool {
        state.withLock { $0.findings.contains { $0.severity == .error } }
    }

    /// Prints the document where it was asked for, and gives the exit code.
    func finish(command: String) -> Int32 {
        meter.clear()
        let state = state.withLock { $0 }
        let code = (state.differs ? ExitStatus.finding : ExitStatus(of: state.findings)).rawValue
        let report = Report(
            command: command, findings: state.findings, exitCode: code, subject: subject,
            root: SourceRoot(context.environment))
        switch format {
        case .text: break
        case .json:
            if !state.isPrinted {
                context.writeOutput(DiagnosticText.harmless(json: report.json(state.data).prettyText) + "\n")
            }
        case .github: tellGitHub(report)
        case .sarif:
            let document = SARIFReport(report: report, version: Knapsack.version, notes: verbose).json
            context.writeOutput(DiagnosticText.harmless(json: document.prettyText) + "\n")
        }
        return code
    }

    private func tellGitHub(_ report: Report) {
        context.writeOutput(GitHubCommands(report: report, notes: verbose).text)
        guard let path = context.environment["GITHUB_STEP_SUMMARY"], !path.isEmpty else { return }
        do {
            try GitHubSummary(report: report, notes: verbose).append(to: path)
        } catch {
            say("the job summary could not be written: \(error)")
        }
    }
}
