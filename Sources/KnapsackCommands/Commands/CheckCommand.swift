import ArgumentParser
import Formats
import Locking
import Manifests
import Rules

/// `knapsack check`
struct CheckCommand: KnapsackCommand {
    /// The command's name and its help.
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Decide from manifest and lock whether the bundle follows the rules and will work.",
        usage: "knapsack check [<manifest>] [<options>]",
        discussion: """
            For CI: needs no models and no caches. Exit code 0: everything holds; 1: something does not; \
            2: it could not be decided.

            Examples:
              knapsack check models.toml
              knapsack check models.toml --format github   # annotations and a job summary
              knapsack check models.toml --format sarif > c.sarif   # for code scanning
            """)

    /// The manifest, whose lock is looked at beside it.
    @OptionGroup var source: ManifestArgument
    /// In which form findings are told.
    @OptionGroup var formatOption: FormatOption
    /// How the result is printed.
    @OptionGroup var output: OutputOptions

    var reportFormat: ReportFormat { formatOption.format(output) }
    var subject: String? { source.manifest }

    /// Refuses `--json` beside another format; exit code 2.
    func validate() throws { try formatOption.validate(output) }

    /// Holds manifest and lock against every rule, and writes nothing. Exit code 1 where one does not hold or
    /// there is no fresh lock, 2 where it could not be decided.
    func execute(_ session: Session) async throws {
        let manifest = try source.read()
        guard let lock = try source.readLock() else {
            return session.report([Locking.missing(source)])
        }
        let plan = try Plan(lock)
        let findings = try Check.findings(
            manifest, lock, stale: Freshness.findings(manifest, lock), plan: plan)
        session.report(findings)
        session.add("entries", .integer(lock.entries.count))
        session.add("size", .integer(plan.size))
        guard !session.hasErrors else { return }
        let warnings = findings.count { $0.severity == .warning }
        // As lock, pack and verify count: the entries' files, and not how few of them are stored.
        let files = plan.shares.reduce(0) { $0 + $1.files }
        session.say(
            "\(source.manifest): \(lock.countedEntries), \(Counted.text(files, "file")), "
                + "\(ByteCount.text(plan.named)): everything holds"
                + (warnings > 0 ? ", with \(Counted.text(warnings, "warning"))" : ""))
    }
}
