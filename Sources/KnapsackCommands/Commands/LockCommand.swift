import ArgumentParser
import Bundles
import Formats
import Locking
import Manifests
import Storage

/// `knapsack lock`
struct LockCommand: KnapsackCommand {
    static let configuration = CommandConfiguration(
        commandName: "lock",
        abstract: "Resolve a manifest out of the caches and write its lock.",
        discussion: """
            Every file is hashed and compared with what its cache knows of it. Entries that were locked \
            before keep their revision; --update moves them on.

            Examples:
              knapsack lock                       knapsack.toml -> knapsack.lock
              knapsack lock models.toml           models.toml -> models.lock
              knapsack lock --update qwen gemma   move two entries to what their branches point at now
              knapsack lock --locked              fail if the lock is not fresh; write nothing
            """)

    @OptionGroup var source: ManifestArgument
    @OptionGroup var locking: LockingOptions
    @OptionGroup var cacheOptions: CacheOptions
    @OptionGroup var output: OutputOptions

    @Flag(help: "Fail if the lock is missing or stale, and write nothing.")
    var locked = false

    func execute(_ session: Session) async throws {
        if locked {
            let lock = try Locking.fresh(source, session)
            if let lock { session.say("\(source.lockPath) is fresh: \(lock.entries.count) entries") }
            return
        }
        let (lock, conversions) = try await Locking(
            source: source, options: locking, caches: cacheOptions
        ).lock(session)
        session.say(LockSummary(lock).text(width: session.context.terminal.tableWidth))
        session.add("lock", .string(source.lockPath))
        session.add("entries", .array(lock.entries.map(LockSummary.json)))
        session.add("conversions", .array(conversions.map(\.json)))
    }
}

/// How a lock is made, for `lock` and `pack`.
struct LockingOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Move the revisions of these entries on to what their branches and handles mean now; of all, where none is named.",
            valueName: "name ..."))
    var update: [String] = []

    @Flag(name: .long, help: .hidden)
    var updateAll = false

    /// Spells `--update` as one option a name, because it takes any number of names, also none: those up to
    /// the next option, but for a manifest.
    static func spelledOut(_ arguments: [String]) -> [String] {
        var result: [String] = []
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            guard argument == "--update" else {
                result.append(argument)
                continue
            }
            var named = false
            while let value = rest.first, !value.hasPrefix("-") {
                rest.removeFirst()
                if value.hasSuffix(".toml") {
                    result.append(value)
                } else {
                    result += ["--update", value]
                    named = true
                }
            }
            if !named { result.append("--update-all") }
        }
        return result
    }

    @Flag(help: "Hash every file again, whatever is remembered.")
    var rehash = false

    var rule: Resolution.Update {
        if updateAll { return .all }
        return update.isEmpty ? .none : .entries(Set(update))
    }
}

/// Makes or checks the lock beside a manifest.
struct Locking {
    let source: ManifestArgument
    let options: LockingOptions
    let caches: CacheOptions

    /// Resolves, proves, and writes the lock where it differs from the one that is there.
    /// - Returns: the lock, and what became of the entries that are made out of others.
    func lock(_ session: Session) async throws -> (Lock, [ConversionOutcome]) {
        let manifest = try source.read()
        let previous = try source.readPrevious(manifest, session)
        let resolution = try Resolution(
            manifest, previous: previous, caches: caches.caches(session.context), update: options.rule,
            proveAgain: options.rehash)
        session.report(resolution.findings)
        let index = session.context.cacheDirectory.flatMap(DigestIndex.open(inDirectory:))
        let inputs = try await VerifiedInputs(
            proving: resolution, index: index, rehash: options.rehash, progress: session.progress)
        session.report(inputs.findings)
        let lock = try await inputs.lock(previous: previous)
        for outcome in inputs.conversions where outcome.state != .locked { session.say(outcome.sentence) }
        let changed = try write(lock.bytes)
        session.say(changed ? "wrote \(source.lockPath)" : "\(source.lockPath) is up to date")
        return (lock, inputs.conversions)
    }

    private func write(_ bytes: [UInt8]) throws -> Bool {
        do {
            return try AtomicFile.write(bytes, to: source.lockPath)
        } catch let error where error.isFullDisk {
            throw Diagnostics(
                Diagnostic.fullDisk(
                    source.lockPath, needed: bytes.count,
                    fix: "free space there; what was hashed is remembered where there is room for it"))
        }
    }

    /// The lock, where it is fresh; the findings are reported otherwise.
    static func fresh(_ source: ManifestArgument, _ session: Session) throws -> Lock? {
        let manifest = try source.read()
        guard let lock = try source.readLock() else {
            session.report([missing(source)])
            return nil
        }
        let findings = Freshness.findings(manifest, lock)
        session.report(findings)
        return findings.isEmpty ? lock : nil
    }

    static func missing(_ source: ManifestArgument) -> Diagnostic {
        Diagnostic(
            code: .lockMissing, "\(source.manifest) has no lock (\(source.lockPath))",
            fix: "run knapsack lock \(source.manifest)")
    }
}

/// What a lock holds, for people and for `--json`.
struct LockSummary {
    private let lock: Lock

    init(_ lock: Lock) { self.lock = lock }

    func text(width: Int) -> String {
        let rows = lock.entries.map { entry in
            [
                entry.name, entry.kind.rawValue, LockSummary.revision(entry.origin),
                "\(entry.files.count)", ByteCount.text(LockSummary.size(entry)),
                entry.license?.id ?? "unknown", LockSummary.proof(entry),
            ]
        }
        var text = Table(
            [
                .init(title: "NAME", canShrink: true), .init(title: "KIND"), .init(title: "REVISION"),
                .init(title: "FILES", isNumber: true), .init(title: "SIZE", isNumber: true),
                .init(title: "LICENCE", canShrink: true), .init(title: "PROVED BY"),
            ], rows: rows
        ).text(width: width)
        text.removeLast()
        return text
    }

    static func json(_ entry: LockedEntry) -> JSON {
        [
            "name": .string(entry.name), "kind": .string(entry.kind.rawValue),
            "source": .string(entry.asked.text), "revision": .string(fullRevision(entry.origin)),
            "files": .integer(entry.files.count), "size": .integer(size(entry)),
            "license": entry.license.map { .string($0.id) } ?? .null,
        ]
    }

    private static func size(_ entry: LockedEntry) -> Int { entry.files.reduce(0) { $0 &+ $1.size } }

    private static func fullRevision(_ origin: Origin) -> String {
        switch origin {
        case .hub(_, _, let commit): commit
        case .kaggle(let handle): handle.version.map { "\($0)" } ?? ""
        case .path: ""
        case .conversion(let conversion): conversion.inputs.hex
        }
    }

    static func revision(_ origin: Origin) -> String {
        let text = fullRevision(origin)
        return text.isEmpty ? "-" : String(text.prefix(12))
    }

    /// "cache" where the cache's digests prove every file, "nothing" where they prove none. What Knapsack converted
    /// follows from the entry that it was made out of.
    private static func proof(_ entry: LockedEntry) -> String {
        if let request = entry.asked.conversion { return "\(request.from), converted" }
        let proved = entry.files.count { $0.proof != .none }
        if proved == entry.files.count { return "cache" }
        return proved == 0 ? "nothing else" : "cache: \(proved) of \(entry.files.count)"
    }
}
