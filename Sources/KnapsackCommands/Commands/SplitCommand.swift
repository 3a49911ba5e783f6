import ArgumentParser
import Formats
import Locking
import Manifests
import Storage

/// `knapsack split`
struct SplitCommand: KnapsackCommand {
    /// The command's name and its help.
    static let configuration = CommandConfiguration(
        commandName: "split",
        abstract: "Propose a base: what did not change over the last locks in git.",
        usage: "knapsack split [<manifest>] --base-size <size> [<options>]",
        discussion: """
            Prints two manifests: a base with the entries that have been the same in all of the last locks, the \
            largest first as far as they fit, and the manifest as it is with the base named in it. Nothing is \
            written. Git is asked for the locks; without git, name them with --earlier.

            Examples:
              knapsack split models.toml --base-size 80GB
              knapsack split models.toml --base-size 80GB --last 20 --json
              # without git
              knapsack split models.toml --base-size 80GB --earlier old.lock
            """)

    /// The manifest, whose lock is beside it.
    @OptionGroup var source: ManifestArgument
    /// The most bytes of the base.
    @Option(
        help: ArgumentHelp("The most that the base may have, such as \"80 GB\".", valueName: "size"))
    var baseSize: String

    /// How many committed locks are looked at.
    @Option(help: ArgumentHelp("How many committed locks are looked at.", valueName: "number"))
    var last = 10

    /// Locks that are looked at in place of those in git.
    @Option(
        help: ArgumentHelp(
            "An earlier lock, in place of those in git; may be given several times.", valueName: "lock"),
        completion: .file(extensions: ["lock"]))
    var earlier: [String] = []

    /// How the result is printed.
    @OptionGroup var output: OutputOptions

    var manifestName: String? { source.manifest }
    var subject: String? { source.manifest }

    /// Refuses what is no size, and a number of locks that says nothing; exit code 2.
    func validate() throws {
        guard ByteSize.parse(baseSize) != nil else {
            throw ValidationError("--base-size takes a size such as \"80 GB\", found \(quoted(baseSize))")
        }
        guard (1...1000).contains(last) else { throw ValidationError("--last takes a number from 1 to 1000") }
    }

    /// Prints the proposal, and writes nothing. Exit code 1 where the lock is not fresh, 2 where there is no earlier one.
    func execute(_ session: Session) async throws {
        let manifest = try source.read()
        guard let lock = try source.readLock() else { return session.report([Locking.missing(source)]) }
        session.report(Freshness.findings(manifest, lock))
        guard !session.hasErrors else { return }
        let history =
            try earlier.isEmpty
            ? LockHistory(of: source.lockPath, last: last, session.context) : LockHistory(earlier)
        // The lock as it is committed last is often the one that is here.
        let others = history.locks.filter { $0 != lock }
        guard !others.isEmpty else {
            return session.report([
                Diagnostic(
                    code: .lockMissing,
                    "there is no earlier lock than the one that is here, so nothing is known of changes",
                    fix: "commit the lock with every change, or name earlier ones with --earlier LOCK",
                    verdict: .undecided)
            ])
        }
        let ordered = manifest.entries.compactMap { lock.entry(named: $0.name) }
        let proposal = SplitProposal(ordered, earlier: others, limit: ByteSize.parse(baseSize) ?? 0)
        session.add("locks", .integer(others.count + 1))
        session.add("skipped", .integer(history.skipped))
        session.add("too_large", .array(proposal.tooLarge.map(JSON.string)))
        guard !proposal.base.isEmpty else {
            session.add("base", .null)
            return session.say(
                proposal.tooLarge.isEmpty
                    ? "every entry changed in the last \(others.count + 1) locks: there is nothing for a base"
                    : "no entry that stayed the same fits into \(baseSize): \(proposal.tooLarge.joined(separator: ", "))"
            )
        }
        try tell(proposal, manifest, locks: others.count + 1, session)
    }

    private func tell(
        _ proposal: SplitProposal, _ manifest: Manifest, locks: Int, _ session: Session
    ) throws {
        let text = try ManifestText.read(source.contents(), path: source.manifest)
        let manifests = try SplitManifests(text, base: proposal.base) { "\($0).lock" }
        let basePath = Path.join(Path.parent(source.manifest), "\(manifests.baseName).toml")
        session.add(
            "base",
            [
                "path": .string(basePath), "name": .string(manifests.baseName),
                "entries": .array(proposal.base.map(JSON.string)), "size": .integer(proposal.baseSize),
                "manifest": .string(String(decoding: manifests.base, as: UTF8.self)),
            ])
        session.add(
            "rest",
            [
                "path": .string(source.manifest), "size": .integer(proposal.restSize),
                "manifest": .string(String(decoding: manifests.rest, as: UTF8.self)),
            ])
        guard !session.json else { return }
        session.context.writeOutput(
            """
            # \(basePath): \(ByteCount.text(proposal.baseSize)), the same in the last \(locks) locks: \
            \(proposal.base.joined(separator: ", "))
            \(String(decoding: manifests.base, as: UTF8.self))
            # \(source.manifest): at most \(ByteCount.text(proposal.restSize)) are left to upload with every change
            \(String(decoding: manifests.rest, as: UTF8.self))
            """)
        if !proposal.tooLarge.isEmpty {
            session.say(
                "the same, too, and not in the base for its size: \(proposal.tooLarge.joined(separator: ", "))"
            )
        }
        let base = ShellWord.quoted(basePath)
        session.say(
            "write both, then: knapsack lock \(base), knapsack upload \(base), "
                + "knapsack lock \(ShellWord.quoted(source.manifest))")
    }
}
