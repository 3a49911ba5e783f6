import ArgumentParser
import Caches
import Formats
import Manifests
import ModelFiles
import Service
import Storage

/// `knapsack cache`
struct CacheCommand: KnapsackCommand {
    /// The command's name, its help, and `prune`.
    static let configuration = CommandConfiguration(
        commandName: "cache",
        abstract: "Show what Knapsack keeps on this machine, and remove it.",
        discussion: """
            Knapsack remembers the digests of files that it hashed and the errors that it measured for fit, and \
            keeps what it converted, in \
            ~/.cache/knapsack or what KNAPSACK_CACHE_DIR names. All of it can be removed at any time: it \
            is hashed, and converted, again then.

            Examples:
              knapsack cache               # what is kept, and how large it is
              knapsack cache prune         # forget files that are gone or were changed
              knapsack cache prune --conversions   # remove what was converted, too
              knapsack cache prune --registries    # remove what came from registries
              knapsack cache prune --all   # remove everything
            """,
        subcommands: [Prune.self])

    /// How the table is printed.
    @OptionGroup var output: OutputOptions

    /// Prints what is kept, and writes nothing; what cannot be read is told in the table.
    func execute(_ session: Session) async throws {
        let kept = try KeptFiles(session.context)
        session.add("directory", .string(kept.directory))
        session.add("index", kept.index.json)
        session.add("costs", .integer(kept.costs))
        session.add("conversions", .array(kept.conversions.conversions.map(\.json)))
        session.add(
            "registries",
            ["files": .integer(kept.registries.files), "size": .integer(kept.registries.size)])
        session.add("unfinished", .array(kept.conversions.unfinished.map(JSON.string)))
        session.add("size", .integer(kept.size))
        if session.json { return }
        let known = kept.index.rows.map { "\($0)" } ?? (kept.index.files.isEmpty ? "0" : "unreadable")
        var rows = [["digest index", known, ByteCount.text(kept.index.size), kept.directory]]
        if kept.costs > 0 {
            rows.append(["costs of types", "", ByteCount.text(kept.costs), FitCosts.indexName])
        }
        rows += kept.conversions.conversions.map(\.row)
        if !kept.conversions.unfinished.isEmpty {
            rows.append([
                "unfinished conversions", "\(kept.conversions.unfinished.count)",
                ByteCount.text(kept.conversions.unfinishedSize), "conversions",
            ])
        }
        if kept.registries.files > 0 {
            rows.append([
                "fetched from registries", "\(kept.registries.files)",
                ByteCount.text(kept.registries.size), "registries",
            ])
        }
        let table = Table(
            [
                .init(title: "KEPT", canShrink: true), .init(title: "FILES", isNumber: true),
                .init(title: "SIZE", isNumber: true), .init(title: "AT", canShrink: true),
            ], rows: rows)
        session.context.writeOutput(table.text(width: session.context.terminal.tableWidth))
    }

    /// `knapsack cache prune`
    struct Prune: KnapsackCommand {
        /// The command's name and its help.
        static let configuration = CommandConfiguration(
            commandName: "prune",
            abstract: "Forget files that are gone or were changed, and remove what no run uses any more.",
            discussion: """
                Unfinished conversions and those of older versions go; the others only with --conversions or \
                --all, and what was fetched from registries only with --registries or --all. Only what Knapsack made is removed; other files in its directory stay.

                Examples:
                  knapsack cache prune
                  knapsack cache prune --conversions
                  knapsack cache prune --registries
                  knapsack cache prune --all
                """)

        /// Whether the digest index goes, too, and every conversion.
        @Flag(help: "Remove everything that Knapsack keeps.")
        var all = false

        /// Whether everything goes that was fetched from OCI registries.
        @Flag(help: "Remove everything that was fetched from OCI registries.")
        var registries = false

        /// Whether every conversion goes, not only those that no run uses any more.
        @Flag(help: "Remove everything that was converted.")
        var conversions = false

        /// How the result is printed.
        @OptionGroup var output: OutputOptions

        /// Removes what the options name. Exit code 2 where the digest index cannot be read or written.
        func execute(_ session: Session) async throws {
            let kept = try KeptFiles(session.context)
            let before = kept.index
            let removed = try ConversionCache(cacheDirectory: kept.directory).prune(all: all || conversions)
            if all || registries { try RegistryStore(cacheDirectory: kept.directory).remove() }
            var forgotten = before.rows ?? 0
            if all {
                try DigestIndex.remove(inDirectory: kept.directory)
                try ValueIndex.remove(FitCosts.indexName, inDirectory: kept.directory)
                try ValueIndex.remove(SumProver.indexName, inDirectory: kept.directory)
                try ValueIndex.remove(MarketReader.indexName, inDirectory: kept.directory)
            } else if !before.files.isEmpty {
                guard let count = DigestIndex.prune(inDirectory: kept.directory) else {
                    throw Diagnostics(
                        Diagnostic(
                            code: .indexUnreadable,
                            "the digest index in \(kept.directory) cannot be read or written",
                            fix: "knapsack cache prune --all removes it", verdict: .undecided))
                }
                forgotten = count
            }
            let left = try KeptFiles(session.context)
            let after = left.index
            let freed = max(0, kept.size - left.size)
            session.add("directory", .string(kept.directory))
            session.add("forgotten", .integer(forgotten))
            session.add("conversions", .integer(removed))
            session.add("freed", .integer(freed))
            session.add("index", after.json)
            let files = "\(Counted.text(forgotten, "file")) forgotten"
            let models = "\(Counted.text(removed, "conversion")) removed"
            session.say(
                "\(kept.directory): \(files), " + (removed > 0 ? "\(models), " : "")
                    + "\(ByteCount.text(freed)) freed, \(ByteCount.text(left.size)) kept")
        }
    }
}

/// What Knapsack keeps in its directory.
private struct KeptFiles {
    let directory: String
    let index: DigestIndex.Kept
    let conversions: ConversionCache.Contents
    let registries: (files: Int, size: Int)

    /// The bytes of what was measured for fit, of the sums of files that were served, and of what their models are.
    let costs: Int

    var size: Int {
        index.size.saturated(adding: costs).saturated(adding: conversions.size)
            .saturated(adding: registries.size)
    }

    init(_ context: CommandContext) throws {
        guard let directory = context.cacheDirectory else {
            throw Diagnostics(
                Diagnostic(
                    code: .noHome, "nothing states where Knapsack keeps what it remembers",
                    fix: "set HOME or KNAPSACK_CACHE_DIR", verdict: .undecided))
        }
        self.directory = directory
        index = try DigestIndex.kept(inDirectory: directory)
        costs = ValueIndex.size(FitCosts.indexName, inDirectory: directory)
            .saturated(adding: ValueIndex.size(SumProver.indexName, inDirectory: directory))
            .saturated(adding: ValueIndex.size(MarketReader.indexName, inDirectory: directory))
        conversions = try ConversionCache(cacheDirectory: directory).contents()
        registries = RegistryStore(cacheDirectory: directory).kept()
    }
}

extension ConversionCache.Kept {
    fileprivate var row: [String] {
        let state = isUsable ? "" : text == nil ? " (damaged)" : " (of another version)"
        return [
            "conversion: \(text ?? "unreadable")\(state)", "\(files)", ByteCount.text(size),
            "conversions/\(key.prefix(12))…",
        ]
    }

    fileprivate var json: JSON {
        [
            "key": .string(key), "text": text.map(JSON.string) ?? .null, "files": .integer(files),
            "size": .integer(size), "usable": .bool(isUsable),
        ]
    }
}

extension DigestIndex.Kept {
    fileprivate var json: JSON {
        [
            "rows": rows.map(JSON.integer) ?? (files.isEmpty ? 0 : .null), "size": .integer(size),
            "files": .array(files.map(JSON.string)),
        ]
    }
}
