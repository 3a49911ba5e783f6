import ArgumentParser
import Formats
import Manifests
import Storage
import Synchronization

/// One run of one command: what it found, what it states, and how it ends.
final class Session: Sendable {
    let context: CommandContext
    let format: ReportFormat
    /// The file that the command is about, where findings are shown that are in no text file.
    let subject: String?
    /// The manifest that commands in fixes name; `nil` if it is the one that needs no name, or there is none.
    let manifest: String?
    let quiet: Bool
    let verbose: Bool
    private let meter: ProgressMeter
    private let state = Mutex(State())

    private struct State {
        var findings: [Diagnostic] = []
        var data: [JSON.Member] = []
        var differs = false
        var isPrinted = false
    }

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
        meter = ProgressMeter(terminal: context.terminal, write: context.writeError)
    }

    /// Whether one JSON document is asked for.
    var json: Bool { format == .json }

    /// Receives progress; states nothing with `--quiet`.
    var progress: ProgressHandler {
        if quiet { return { _ in } }
        return { [meter] event in meter.handle(event) }
    }

    /// Reports findings at once and remembers them for the exit code; notes only with `--verbose`.
    func report(_ findings: [Diagnostic]) {
        guard !findings.isEmpty else { return }
        let findings = findings.map { $0.naming(manifest: manifest) }
        state.withLock { $0.findings += findings }
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
        let code = state.differs ? 1 : exitStatus(of: state.findings)
        let report = Report(
            command: command, findings: state.findings, exitCode: code, subject: subject,
            root: SourceRoot(context.environment))
        switch format {
        case .text: break
        case .json: if !state.isPrinted { context.writeOutput(report.json(state.data).prettyText + "\n") }
        case .github: tellGitHub(report)
        case .sarif:
            let document = SARIFReport(report: report, version: Knapsack.version, notes: verbose).json
            context.writeOutput(document.prettyText + "\n")
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

/// 0 where everything holds, 1 where something was looked at and does not, 2 where nothing worse is known
/// than that something could not be looked at.
func exitStatus(of findings: [Diagnostic]) -> Int32 {
    let errors = findings.filter { $0.severity == .error }
    if errors.isEmpty { return 0 }
    return errors.contains { $0.verdict == .finding } ? 1 : 2
}

/// A command of Knapsack: options, and one function that does the work and can be called by a test.
protocol KnapsackCommand: AsyncParsableCommand {
    var output: OutputOptions { get }
    /// In which form findings are told.
    var reportFormat: ReportFormat { get }
    /// The file that the command is about; `nil` where it is about none.
    var subject: String? { get }
    /// The manifest that the command works on; `nil` if it works on none.
    var manifestName: String? { get }
    func execute(_ session: Session) async throws
}

extension KnapsackCommand {
    var reportFormat: ReportFormat { output.json ? .json : .text }
    var subject: String? { nil }
    var manifestName: String? {
        guard let subject else { return nil }
        if subject.hasSuffix(".toml") { return subject }
        guard subject.hasSuffix(".lock") else { return nil }
        let manifest = "\(subject.dropLast(5)).toml"
        return (try? FileStatus.existing(manifest)) == nil ? nil : manifest
    }

    mutating func run() async throws {
        let status = await run(in: .process())
        if status != 0 { throw ExitCode(status) }
    }

    /// Runs the command in a context and returns its exit code.
    func run(in context: CommandContext) async -> Int32 {
        let session = Session(context, output, format: reportFormat, subject: subject, manifest: manifestName)
        do {
            try await execute(session)
        } catch let problems as Diagnostics {
            session.report(problems.all)
        } catch {
            session.report([Diagnostic(code: .failed, "\(error)", verdict: .undecided)])
        }
        return session.finish(command: Self._commandName)
    }
}
