import ArgumentParser
import Formats
import Manifests
import Storage

/// A command of Knapsack: options, and one function that does the work and can be called by a test.
protocol KnapsackCommand: AsyncParsableCommand {
    /// How much is printed, and in what form.
    var output: OutputOptions { get }
    /// In which form findings are told.
    var reportFormat: ReportFormat { get }
    /// The file that the command is about; `nil` where it is about none.
    var subject: String? { get }
    /// The manifest that the command works on; `nil` if it works on none.
    var manifestName: String? { get }
    /// Does the work: reports findings and results to the session, which decides on the exit code.
    /// - Throws: ``Diagnostics``, which count as reported; anything else becomes a finding that something
    ///   could not be done.
    func execute(_ session: Session) async throws
}

extension KnapsackCommand {
    /// JSON with `--json`, else text.
    var reportFormat: ReportFormat { output.json ? .json : .text }
    /// None.
    var subject: String? { nil }
    /// The subject if it is a manifest, else the manifest beside it if it is a lock.
    var manifestName: String? {
        guard let subject else { return nil }
        if subject.hasSuffix(".toml") { return subject }
        guard subject.hasSuffix(".lock") else { return nil }
        let manifest = "\(subject.dropLast(5)).toml"
        return (try? FileStatus.existing(manifest)) == nil ? nil : manifest
    }

    /// Runs the command for this process, and throws its exit code where that is not 0.
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
            let obstructed = (error as? FileError).flatMap { $0.obstacle == nil ? nil : $0.remedy() }
            session.report([
                Diagnostic(code: .failed, "\(error)", fix: obstructed, verdict: .undecided)
            ])
        }
        return session.finish(command: Self._commandName)
    }
}
