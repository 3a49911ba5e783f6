import ArgumentParser
import Formats
import Manifests

/// `knapsack diff`
struct DiffCommand: KnapsackCommand {
    /// The command's name and its help.
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Say in words what changed between two locks.",
        usage: "knapsack diff <old> <new> [<options>]",
        discussion: """
            Compares weights tensor by tensor where the locks know them: the same weights in other shards \
            are distinguished from changed ones. Exit code 0: nothing changed; 1: something did.

            Examples:
              knapsack diff old.lock new.lock
              git show main:models.lock > main.lock
              knapsack diff main.lock models.lock --format markdown
            """)

    /// The lock of before.
    @Argument(help: "A lock.", completion: .file(extensions: ["lock"]))
    var old: String

    /// The lock of after.
    @Argument(help: "Another lock.", completion: .file(extensions: ["lock"]))
    var new: String

    /// In which form the answer is given.
    enum Format: String, CaseIterable, ExpressibleByArgument {
        /// For people; for a comment on a pull request; for programs.
        case text, markdown, json
    }

    /// The form of the answer; `nil` is text, or JSON with `--json`.
    @Option(
        help: ArgumentHelp(
            "The form of the answer: text, markdown (for a comment on a pull request) or json.",
            valueName: "format"))
    var format: Format?

    /// How the result is printed.
    @OptionGroup var output: OutputOptions

    var reportFormat: ReportFormat { output.json || format == .json ? .json : .text }
    var subject: String? { new }

    /// Refuses `--json` beside another format; exit code 2.
    func validate() throws {
        if output.json, let format, format != .json {
            throw ValidationError("--json and --format \(format.rawValue) exclude each other")
        }
    }

    /// Locks are compared, and the one of a manifest has its name.
    private func refuseManifests() throws {
        func isManifest(_ path: String) -> Bool { path.utf8.ends(with: ".toml") }
        guard let manifest = [old, new].first(where: isManifest) else { return }
        func lock(_ path: String) -> String {
            ShellWord.quoted(isManifest(path) ? path.dropLast(5) + ".lock" : path)
        }
        throw Diagnostics(
            Diagnostic(
                code: .usage, "\(manifest) is a manifest, and locks are compared",
                fix: "knapsack diff \(lock(old)) \(lock(new))", verdict: .undecided))
    }

    /// Prints what changed, and writes nothing. Exit code 1 where something did, 2 where a manifest is named
    /// in place of a lock.
    func execute(_ session: Session) async throws {
        try refuseManifests()
        let difference = LockDifference(from: try Lock.read(old), to: try Lock.read(new))
        let report = DifferenceReport(difference)
        for member in report.json { session.add(member.key, member.value) }
        if format == .markdown {
            session.context.writeOutput(report.markdown())
        } else if difference.isEmpty {
            session.say("nothing changed")
        } else if !session.json {
            session.context.writeOutput(report.text)
        }
        if !difference.isEmpty { session.differs() }
    }
}
