package import ArgumentParser
import Formats
import Manifests
import Storage

/// The root command.
package struct Knapsack: AsyncParsableCommand {
    /// The version: this line, the tag `v0.1.0` and CHANGELOG.md state it.
    static let version = "0.1.0"

    /// Its name, what it does, and its subcommands.
    package static let configuration = CommandConfiguration(
        commandName: "knapsack",
        abstract: "Pack models for a notebook without internet: proved, stored once, loadable offline.",
        discussion: """
            A manifest names models that are in the Hugging Face and kagglehub caches. Knapsack pins and \
            proves every file (lock), decides whether the bundle follows the rules and will work (check), writes one \
            directory to upload (pack), and proves it again anywhere (verify).

            Examples:
              knapsack list               # what is in the caches
              knapsack init models.toml   # a starter manifest
              knapsack pack models.toml   # lock, check and write the bundle

            Exit codes: 0 it holds, 1 something does not, 2 it could not be decided.

            knapsack help topics lists the pages of the documentation, knapsack help policy shows one.
            """,
        version: version,
        subcommands: [
            InitCommand.self, AddCommand.self, RemoveCommand.self, ListCommand.self, SearchCommand.self,
            InfoCommand.self, FetchCommand.self,
            LockCommand.self, CheckCommand.self, PackCommand.self,
            SplitCommand.self, UploadCommand.self, PushCommand.self, PullCommand.self, VerifyCommand.self,
            SignCommand.self, UnpackCommand.self, DiffCommand.self,
            CacheCommand.self,
            ConvertCommand.self, QuantizeCommand.self, InspectCommand.self, CompareCommand.self,
            ReportCommand.self, SBOMCommand.self, SchemaCommand.self, DoctorCommand.self,
            ServeCommand.self, TokenCommand.self,
        ])

    /// Makes the command; options come from ``ArgumentParser``.
    package init() {}

    /// Runs the command line of this process.
    /// - Parameter commit: what the sources were at, for `--version`; empty where that is not known.
    /// - Returns: the exit code.
    package static func run(_ arguments: [String], commit: String = "") async -> Int32 {
        endWithServer()
        let names = configuration.subcommands.map { $0._commandName } + ["help"]
        let context = CommandContext.process()
        if let topic = HelpTopic(arguments, commands: names, width: context.terminal.width) {
            context.writeOutput(topic.text)
            return 0
        }
        if let script = CompletionScript.asked(in: arguments) {
            context.writeOutput(script)
            return 0
        }
        do {
            if let problem = CommandSuggestion.problem(arguments) { throw ValidationError(problem) }
            var command = try parseAsRoot(LockingOptions.spelledOut(arguments))
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
            return 0
        } catch let exit as ExitCode {
            return exit.rawValue
        } catch {
            return tell(error, arguments, commit)
        }
    }

    /// A command that a server runs ends with it, also where that is killed.
    private static func endWithServer() {
        guard let text = CommandContext.process().environment["KNAPSACK_ENDS_WITH"],
            let parent = Int32(text)
        else { return }
        WatchedProcess.endsWith(parent: parent)
    }

    /// Help and the version are answers; what cannot be parsed is a usage error, exit code 2.
    private static func tell(_ error: any Error, _ arguments: [String], _ commit: String) -> Int32 {
        let context = CommandContext.process()
        let message = CommandMistake.text(fullMessage(for: error))
        if exitCode(for: error) == .success {
            let isVersion = message == version && !commit.isEmpty
            context.writeOutput(message + (isVersion ? " (commit \(commit))" : "") + "\n")
            return 0
        }
        context.writeError(message + "\n")
        let finding = Diagnostic(code: .usage, self.message(for: error), verdict: .undecided)
        let report = Report(
            command: "knapsack", findings: [finding], exitCode: 2, subject: nil,
            root: SourceRoot(context.environment))
        switch ReportFormat.asked(in: arguments) {
        case .text: break
        case .json: context.writeOutput(DiagnosticText.harmless(json: report.json([]).prettyText) + "\n")
        case .github: context.writeOutput(GitHubCommands(report: report, notes: false).text)
        case .sarif:
            let document = SARIFReport(report: report, version: version, notes: false).json
            context.writeOutput(DiagnosticText.harmless(json: document.prettyText) + "\n")
        }
        return 2
    }
}
