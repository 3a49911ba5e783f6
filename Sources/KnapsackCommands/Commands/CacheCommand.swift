import ArgumentParser
import Bundling
import Storage
import Tensors

/// `knapsack cache`
struct CacheCommand: KnapsackCommand {
    static let configuration = CommandConfiguration(
        commandName: "cache",
        abstract: "Show what Knapsack keeps on this machine, and take it away.",
        discussion: """
            Knapsack remembers the digests of files that it hashed, in ~/.cache/knapsack or where \
            KNAPSACK_CACHE_DIR says. All of it can be taken away at any time: it is hashed again then.

            Examples:
              knapsack cache                what is kept, and how large it is
              knapsack cache prune          forget files that are gone or were changed
              knapsack cache prune --all    forget everything
            """,
        subcommands: [Prune.self])

    @OptionGroup var output: OutputOptions

    func execute(_ session: Session) async throws {
        let kept = try KeptFiles(session.context)
        session.add("directory", .string(kept.directory))
        session.add("index", kept.index.json)
        session.add("size", .integer(kept.index.size))
        if session.json { return }
        let rows = kept.index.rows.map { "\($0)" } ?? (kept.index.files.isEmpty ? "0" : "unreadable")
        let table = Table(
            [
                .init(title: "KEPT"), .init(title: "FILES KNOWN", isNumber: true),
                .init(title: "SIZE", isNumber: true), .init(title: "AT", canShrink: true),
            ], rows: [["digest index", rows, ByteCount.text(kept.index.size), kept.directory]])
        session.context.writeOutput(table.text(width: session.context.terminal.tableWidth))
    }

    /// `knapsack cache prune`
    struct Prune: KnapsackCommand {
        static let configuration = CommandConfiguration(
            commandName: "prune",
            abstract: "Forget files that are gone or were changed; --all forgets everything.",
            discussion: """
                Only what Knapsack made is taken away; other files in its directory stay.

                Examples:
                  knapsack cache prune
                  knapsack cache prune --all
                """)

        @Flag(help: "Take away everything that Knapsack keeps.")
        var all = false

        @OptionGroup var output: OutputOptions

        func execute(_ session: Session) async throws {
            let kept = try KeptFiles(session.context)
            let before = kept.index
            var forgotten = before.rows ?? 0
            if all {
                try DigestIndex.remove(inDirectory: kept.directory)
            } else if !before.files.isEmpty {
                guard let count = DigestIndex.prune(inDirectory: kept.directory) else {
                    throw Diagnostics(
                        Diagnostic(
                            code: "index-unreadable",
                            "the digest index in \(kept.directory) cannot be read or written",
                            fix: "knapsack cache prune --all takes it away", verdict: .undecided))
                }
                forgotten = count
            }
            let after = try KeptFiles(session.context).index
            session.add("directory", .string(kept.directory))
            session.add("forgotten", .integer(forgotten))
            session.add("freed", .integer(max(0, before.size - after.size)))
            session.add("index", after.json)
            session.say(
                "\(kept.directory): \(forgotten) \(forgotten == 1 ? "file" : "files") forgotten, "
                    + "\(ByteCount.text(max(0, before.size - after.size))) freed, "
                    + "\(ByteCount.text(after.size)) kept")
        }
    }
}

/// What Knapsack keeps in its directory.
private struct KeptFiles {
    let directory: String
    let index: DigestIndex.Kept

    init(_ context: CommandContext) throws {
        guard let directory = context.cacheDirectory else {
            throw Diagnostics(
                Diagnostic(
                    code: "no-home", "nobody says where Knapsack keeps what it remembers",
                    fix: "set HOME or KNAPSACK_CACHE_DIR", verdict: .undecided))
        }
        self.directory = directory
        index = try DigestIndex.kept(inDirectory: directory)
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
