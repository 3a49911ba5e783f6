import ArgumentParser
import Bundles
import Caches
import Formats
import Locking
import Manifests
import Storage

/// `knapsack lock`
struct LockCommand: KnapsackCommand {
    /// The command's name and its help.
    static let configuration = CommandConfiguration(
        commandName: "lock",
        abstract: "Resolve a manifest from the caches and write its lock.",
        usage: "knapsack lock [<manifest>] [<options>]",
        discussion: """
            The files of an entry that is new, asks for something else or comes from a directory are hashed and \
            compared with what their cache knows of them. An entry that was locked before keeps its revision, and \
            its files are not read again: --update moves it on, --rehash reads everything, and knapsack verify \
            NAME.lock proves the caches.

            Examples:
              knapsack lock               # knapsack.toml -> knapsack.lock
              knapsack lock models.toml   # models.toml -> models.lock
              # move two entries to what their branches point at now
              knapsack lock --update qwen gemma
              knapsack lock --locked      # fail if locking would change it
              knapsack lock --fetch       # load what is missing first
            """)

    /// The manifest, beside which the lock is written.
    @OptionGroup var source: ManifestArgument
    /// What is resolved and read again.
    @OptionGroup var locking: LockingOptions
    /// Where entries are resolved from.
    @OptionGroup var cacheOptions: CacheOptions
    /// How the result is printed.
    @OptionGroup var output: OutputOptions

    /// Whether the lock has to be there and fresh; nothing is written then.
    @Flag(help: "Fail if the lock is missing or locking would change it, and write nothing.")
    var locked = false

    /// Whether what is missing is loaded first.
    @Flag(help: "Load what is missing from the Hub, Kaggle and registries first, as knapsack fetch does.")
    var fetch = false

    /// How the network is used by `--fetch`.
    @OptionGroup(title: "Options of --fetch") var transfer: TransferOptions
    /// How registries are asked by `--fetch`.
    @OptionGroup(title: "Options of --fetch") var registry: RegistryOptions

    var manifestName: String? { source.manifest }

    /// Refuses `--locked` beside `--update`; exit code 2.
    func validate() throws {
        if locked, locking.rule != .none { throw ValidationError("--locked and --update exclude each other") }
    }

    /// Writes the lock if it changes. With `--locked` it writes nothing, and the exit code is 1 where the
    /// lock is missing or would change.
    func execute(_ session: Session) async throws {
        let maker = Locking(source: source, options: locking, caches: cacheOptions, isFetched: fetch)
        if fetch {
            let fetching = Fetching(options: transfer, caches: cacheOptions, registry: registry)
            guard try await fetching.load(source, update: locking.rule, locked: locked, session) else {
                return
            }
        }
        if locked {
            let lock = try await maker.unchanged(session)
            if let lock {
                session.say("\(source.lockPath) is fresh: \(lock.countedEntries)")
            }
            return
        }
        let (lock, conversions, kept) = try await maker.lock(session)
        if kept > 0 {
            let entries = Counted.text(kept, "entry") + (kept == 1 ? " is" : " are")
            session.say("\(entries) as locked before, and not read again (--rehash reads everything)")
        }
        session.say(LockSummary(lock).text(width: session.context.terminal.tableWidth))
        session.add("lock", .string(source.lockPath))
        session.add("entries", .array(lock.entries.map(LockSummary.json)))
        session.add("conversions", .array(conversions.map(\.json)))
    }
}

/// How a lock is made, for `lock` and `pack`.
struct LockingOptions: ParsableArguments {
    /// The entries to move on, as ``spelledOut(_:)`` has them: none, some names, or the one that stands for
    /// all.
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Move these entries, or all if none is named, to what their branches and handles mean now.",
            valueName: "name ..."),
        completion: Completions.entries)
    var update: [String] = []

    /// An argument of a process has no NUL.
    private static let allEntries = "\0"

    /// Spells `--update` as one option a name, because it takes any number of names, also none: those up to
    /// the next option, but for a manifest. No name at all is spelled as one that nobody can type.
    static func spelledOut(_ arguments: [String]) -> [String] {
        // What a shell asks for has the words as somebody types them.
        if arguments.first?.hasPrefix("---completion") == true { return arguments }
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
            if !named { result += ["--update", allEntries] }
        }
        return result
    }

    /// Whether remembered digests are left alone, and entries that were locked before are read again.
    @Flag(help: "Hash every file again, whatever is remembered.")
    var rehash = false

    /// What `--update` asks for.
    var rule: Resolution.Update {
        if update.containsExactly(Self.allEntries) { return .all }
        return update.isEmpty ? .none : .entries(Set(exactly: update))
    }
}

extension Lock {
    /// "3 entries", with how many of them are only converted from.
    var countedEntries: String {
        let others = entries.count - packed.count
        return Counted.text(entries.count, "entry") + (others > 0 ? " (\(others) not packed)" : "")
    }
}

/// What a lock holds, for people and for `--json`.
struct LockSummary {
    private let lock: Lock

    /// Takes a lock; nothing is read.
    init(_ lock: Lock) { self.lock = lock }

    /// A table with a row for each entry, no wider than `width` where that can be, without a newline at the
    /// end.
    func text(width: Int) -> String {
        let rows = lock.entries.map { entry in
            [
                entry.name, entry.kind.rawValue + (entry.isPacked ? "" : ", not packed"),
                LockSummary.revision(entry.origin),
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

    /// An entry as `--json` has it.
    static func json(_ entry: LockedEntry) -> JSON {
        [
            "name": .string(entry.name), "kind": .string(entry.kind.rawValue),
            "source": .string(entry.asked.text), "revision": .string(fullRevision(entry.origin)),
            "files": .integer(entry.files.count), "size": .integer(size(entry)),
            "license": entry.license.map { .string($0.id) } ?? .null, "packed": .bool(entry.isPacked),
        ]
    }

    private static func size(_ entry: LockedEntry) -> Int { entry.files.reduce(0) { $0 &+ $1.size } }

    private static func fullRevision(_ origin: Origin) -> String {
        switch origin {
        case .hub(_, _, let commit): commit
        case .kaggle(let handle): handle.version.map { "\($0)" } ?? ""
        case .registry(_, let manifest): manifest.hex
        case .path: ""
        case .conversion(let conversion): conversion.inputs.hex
        }
    }

    private static func revision(_ origin: Origin) -> String {
        let text = fullRevision(origin)
        return text.isEmpty ? "-" : String(text.prefix(12))
    }

    /// "cache" where the cache's digests prove every file, "nothing" where they prove none. What Knapsack converted
    /// follows from the entry that it was made from.
    private static func proof(_ entry: LockedEntry) -> String {
        if let request = entry.asked.conversion { return "\(request.from), converted" }
        let proved = entry.files.count { $0.proof != .none }
        if proved == entry.files.count { return "cache" }
        return proved == 0 ? "lock only" : "cache: \(proved) of \(entry.files.count)"
    }
}
