import ArgumentParser
import Formats
import Locking
import Manifests
import Rules

/// `knapsack check`
struct CheckCommand: KnapsackCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Decide from manifest and lock whether the bundle follows the rules and will work.",
        discussion: """
            For CI: needs no models and no caches. Exit code 0: everything holds; 1: something does not; \
            2: it could not be decided.

            Examples:
              knapsack check models.toml
              knapsack check models.toml --format github   # annotations and a job summary
              knapsack check models.toml --format sarif > c.sarif   # for code scanning
            """)

    @OptionGroup var source: ManifestArgument
    @OptionGroup var formatOption: FormatOption
    @OptionGroup var output: OutputOptions

    var reportFormat: ReportFormat { formatOption.format(output) }
    var subject: String? { source.manifest }

    func validate() throws { try formatOption.validate(output) }

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
        session.say(
            "\(source.manifest): \(Counted.text(lock.entries.count, "entry")), \(Counted.text(plan.stored.count, "file")), "
                + "\(ByteCount.text(plan.size)): everything holds"
                + (warnings > 0 ? ", with \(warnings) warnings" : ""))
    }
}
