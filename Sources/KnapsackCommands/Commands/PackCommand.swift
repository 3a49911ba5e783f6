import ArgumentParser
import Bundles
import Caches
import Formats
import Locking
import Manifests
import Rules
import Storage

/// `knapsack pack`
struct PackCommand: KnapsackCommand {
    /// The command's name and its help.
    static let configuration = CommandConfiguration(
        commandName: "pack",
        abstract: "Write the bundle: one directory with everything, ready to upload.",
        usage: "knapsack pack [<manifest>] [<options>]",
        discussion: """
            Locks first if the lock is missing or stale. Every byte is compared with the lock while it \
            is copied, and the directory gets its name only when all of it is right and on the disk. An \
            interrupted pack continues where it stopped. The same manifest's bundle is replaced; another's only \
            with --replace, and a directory with files that no bundle wrote not at all.

            Examples:
              knapsack pack models.toml             # writes ./NAME, NAME from [bundle]
              knapsack pack models.toml --output /data/x   # writes /data/x
              # one archive: .tar, .tar.zst or .zip
              knapsack pack models.toml --output x.tar
              # takes no space: the caches' own files, by second names
              knapsack pack models.toml --link-mode hardlink
              # shows what would be written, and writes no file
              knapsack pack models.toml --dry-run
              knapsack pack models.toml --locked    # fails if the lock is not fresh (CI)
              # uses the lock as it is, reads no manifest
              knapsack pack models.toml --frozen
              # loads what is missing from the Hub first
              knapsack pack models.toml --fetch
            """)

    /// The manifest, beside which its lock is.
    @OptionGroup var source: ManifestArgument
    /// What is resolved and read again where the lock is made anew.
    @OptionGroup var locking: LockingOptions
    /// Where the files come from.
    @OptionGroup var cacheOptions: CacheOptions
    /// How the result is printed.
    @OptionGroup var output: OutputOptions

    /// The directory or archive to write; `nil` is the bundle's name in the working directory.
    @Option(
        name: [.customShort("o"), .customLong("output")],
        help: ArgumentHelp(
            "The directory to write, or an archive (.tar, .tar.zst, .zip); by default ./NAME of the bundle.",
            valueName: "path"),
        completion: .file())
    var target: String?

    /// Whether the lock has to be there and fresh.
    @Flag(help: "Fail if the lock is missing or locking would change it.")
    var locked = false

    /// Whether the lock is taken as it is, without a look at the manifest.
    @Flag(help: "Use the lock as it is, and read no manifest.")
    var frozen = false

    /// Whether the plan is shown, and nothing is written.
    @Flag(help: "Show the plan and write nothing, not even the lock.")
    var dryRun = false

    /// Whether what is missing is loaded first.
    @Flag(help: "Load what is missing from the Hub, Kaggle and registries first, as knapsack fetch does.")
    var fetch = false

    /// How the network is used by `--fetch`.
    @OptionGroup(title: "Options of --fetch") var transfer: TransferOptions
    /// How registries are asked by `--fetch`.
    @OptionGroup(title: "Options of --fetch") var registry: RegistryOptions

    var manifestName: String? { source.manifest }

    /// The bundles that it builds on.
    @OptionGroup var bases: BaseOptions

    /// How the bundle gets the content of the caches' files.
    @Option(
        help: ArgumentHelp(
            "auto: cloned where the file system can, else copied; clone, hardlink: so or not at all; copy: always copied.",
            valueName: "auto|clone|hardlink|copy"))
    var linkMode = LinkMode.auto

    /// Whether the bundle of another manifest may be replaced.
    @Flag(help: "Replace the bundle of another manifest. Files that no bundle wrote are never deleted.")
    var replace = false

    /// Refuses options that exclude each other, and archives that are not written; exit code 2.
    func validate() throws {
        if locked && frozen { throw ValidationError("--locked and --frozen exclude each other") }
        if fetch && dryRun {
            throw ValidationError(
                "--fetch and --dry-run exclude each other; knapsack fetch --dry-run shows what would be loaded"
            )
        }
        for (isGiven, name) in [(locked, "--locked"), (frozen, "--frozen")]
        where isGiven && locking.rule != .none {
            throw ValidationError("\(name) and --update exclude each other")
        }
        if linkMode != .auto, target.flatMap({ ArchiveFormat(path: $0) }) != nil {
            throw ValidationError(
                "--link-mode is for a bundle that is a directory; an archive has bytes of its own")
        }
        if let target, let other = ArchiveFormat.unknownSuffix(of: target) {
            throw ValidationError(
                "\(other) is not an archive that pack writes; those are .tar, .tar.zst and .zip, and a directory has "
                    + "another name")
        }
    }

    /// Writes the bundle, and the lock before it if that is not fresh. The bundle has its name only when it
    /// is whole; nothing is written where a rule does not hold.
    func execute(_ session: Session) async throws {
        // Of a lock that git left conflict marks in nothing is known that was packed.
        let beside = try? source.readLock()
        if !frozen {
            // What needs no lock is told before anything is hashed.
            let early = Check.early(try source.read())
            if early.contains(where: { $0.severity == .error }) { return session.report(early) }
        }
        if fetch {
            let fetching = Fetching(options: transfer, caches: cacheOptions, registry: registry)
            let isLoaded =
                frozen
                ? try await fetching.load(fetching.wishes(Lock.read(source.lockPath)), session)
                : try await fetching.load(source, update: locking.rule, locked: locked, session)
            guard isLoaded else { return }
        }
        guard let (lock, converted) = try await obtainLock(session) else { return }
        let plan = try Plan(lock)
        let replacement = BundleReplacement(lock, beside: beside, isForced: replace)
        let target = try absolute(self.target ?? lock.bundle.name)
        if dryRun {
            do {
                try OutputInSource.refuse(target, plan, in: Path.parent(source.manifest))
                try replacement.require(target)
            } catch let problems as Diagnostics {
                session.report(problems.all.map(\.asWarning))
            }
            session.say(PlanSummary(plan).text(width: session.context.terminal.tableWidth))
            return session.add("plan", PlanSummary(plan).json)
        }
        // Before anything is converted.
        try OutputInSource.refuse(target, plan, in: Path.parent(source.manifest))
        try replacement.require(target)
        let caches = cacheOptions.caches(session.context)
        let directory = Path.parent(source.manifest)
        let conversions = try await materialize(lock, converted, caches, session)
        try await proveThroughBases(plan, caches, directory, session)
        let receipt: BundleWriter.Receipt
        if let format = ArchiveFormat(path: target) {
            receipt = try await ArchiveBundleWriter(
                plan, caches: caches, directory: directory, target: target, format: format,
                replacement: replacement
            ).write(progress: session.progress)
        } else {
            SignalHandler.goesOn()
            if let warning = linkMode.warning { session.report([warning]) }
            receipt = try await BundleWriter(
                plan, caches: caches, directory: directory, target: target, replacement: replacement,
                links: linkMode
            ).write(progress: session.progress)
        }
        session.say(PlanSummary(plan).shares(width: session.context.terminal.tableWidth))
        session.say(closing(receipt, plan))
        session.add("bundle", .string(receipt.path))
        session.add("files", .integer(receipt.files))
        session.add("size", .integer(receipt.size))
        session.add("written", .integer(receipt.written))
        session.add("resumed", .integer(receipt.resumed))
        session.add("shared", .integer(receipt.shared))
        session.add("conversions", .array(conversions.map(\.json)))
        session.add("plan", PlanSummary(plan).json)
    }

    /// Puts the files together that bases have, where the bases are named. Without them their locks are believed.
    private func proveThroughBases(
        _ plan: Plan, _ caches: Caches, _ directory: String, _ session: Session
    ) async throws {
        if !bases.base.isEmpty || !plan.throughBases.isEmpty {
            session.report(
                try await ThroughBases.findings(
                    plan, caches: caches, directory: directory, bases: bases.base, progress: session.progress)
            )
        }
    }

    /// Makes, or finds, what the lock states was converted.
    /// - Parameter converted: what became of conversions when the lock was made.
    private func materialize(
        _ lock: Lock, _ converted: [ConversionOutcome], _ caches: Caches, _ session: Session
    ) async throws -> [ConversionOutcome] {
        let (outcomes, findings) = try await LockedConversions.materialize(
            lock, caches: caches, directory: Path.parent(source.manifest),
            index: session.context.cacheDirectory.flatMap(DigestIndex.open(inDirectory:)),
            rehash: locking.rehash, progress: session.progress)
        session.report(findings)
        return outcomes.map { outcome in
            let earlier = converted.first { $0.entry == outcome.entry && $0.state != .locked }
            if earlier == nil { session.say(outcome.sentence) }
            return earlier ?? outcome
        }
    }

    /// The lock to pack by, with what became of conversions when it was made; `nil` where something was reported that forbids it.
    private func obtainLock(_ session: Session) async throws -> (Lock, [ConversionOutcome])? {
        if frozen { return (try Lock.read(source.lockPath), []) }
        let maker = Locking(source: source, options: locking, caches: cacheOptions, isFetched: fetch)
        let lock: Lock
        var conversions: [ConversionOutcome] = []
        var unmade: [String] = []
        var sizes: [ExactName: Int] = [:]
        if locked {
            guard let fresh = try await maker.unchanged(session) else { return nil }
            lock = fresh
        } else if dryRun {
            (lock, unmade, sizes) = try await maker.dry(session)
        } else {
            (lock, conversions, _) = try await maker.lock(session)
        }
        let manifest = try source.read()
        // A lock that lacks what would be converted is none that was written.
        let stale = unmade.isEmpty ? Freshness.findings(manifest, lock) : []
        session.report(try Check.findings(manifest, lock, stale: stale))
        if !unmade.isEmpty {
            let shown = unmade.map { name in
                name + (sizes[ExactName(name)].map { " (up to \(ByteCount.text($0)))" } ?? "")
            }
            session.say(
                "not in this plan, because pack would convert it first: \(shown.joined(separator: ", "))")
            session.add("unmade", .array(unmade.map(JSON.string)))
            session.add(
                "unmade_sizes",
                .object(
                    unmade.compactMap { name in sizes[ExactName(name)].map { .init(name, .integer($0)) } }))
        }
        return session.hasErrors ? nil : (lock, conversions)
    }

    private func absolute(_ path: String) throws -> String {
        Path.normalized(Path.join(try Directory.current(), path))
    }

    private func closing(_ receipt: BundleWriter.Receipt, _ plan: Plan) -> String {
        var text =
            "\nwrote \(receipt.path): \(Counted.text(receipt.files, "file")), \(ByteCount.text(receipt.size))"
        if receipt.resumed > 0 {
            text += " (\(ByteCount.text(receipt.resumed)) were there from an interrupted run)"
        }
        if receipt.shared > 0 {
            text += "\n\(ByteCount.text(receipt.shared)) share their space with the caches"
            text += linkMode == .hardlink ? ", as the same files" : "; changing either changes only that one"
        }
        switch receipt.signature {
        case .none: break
        case .kept: text += "\nmodel.sig is kept: the bundle has the same bytes as the one that was signed"
        case .outdated:
            text += "\nmodel.sig was removed, because the bundle has changed; sign it again: "
            text += "knapsack sign \(ShellWord.quoted(receipt.path)) --key KEY"
        }
        let saved = plan.named - plan.size - plan.inBases
        if saved > 0 { text += "\nequal files and tensors stored once saved \(ByteCount.text(saved))" }
        if plan.inBases > 0 {
            let used = plan.lock.usedBases
            let names = plan.lock.bases.filter { used.contains($0.sha256) }.map(\.attach)
            text +=
                "\n\(ByteCount.text(plan.inBases)) are in \(names.joined(separator: ", ")), to be attached beside it"
        }
        if plan.lock.bundle.owner == nil {
            text += "\nbefore the upload: add owner = \"your-kaggle-name\" to [bundle] and pack again"
        }
        guard ArchiveFormat(path: receipt.path) == nil else { return text }
        let path = ShellWord.quoted(receipt.path)
        text += "\nupload: knapsack upload \(path)"
        guard plan.lock.bundle.model != nil else {
            return text + "\nor: kaggle datasets create -p \(path) -r zip"
                + "\nlater versions: kaggle datasets version -p \(path) -r zip -m \"what changed\""
        }
        return text + "\nor: kaggle models create -p \(path)"
            + "\nand then: kaggle models instances create -p \(path) -r zip"
    }
}

extension LinkMode: ExpressibleByArgument {}

/// A plan for people and for `--json`.
struct PlanSummary {
    private let plan: Plan

    /// Takes a plan; nothing is read.
    init(_ plan: Plan) { self.plan = plan }

    /// What is stored where, and then the shares, as tables no wider than `width` where that can be.
    func text(width: Int) -> String {
        let rows = plan.stored.map { file in
            let origin = "\(file.entry)/\(file.file)"
            return [
                ByteCount.text(file.size), file.path.text, file.path.hasSuffix(origin) ? "" : "= \(origin)",
            ]
        }
        let files = Table(
            [
                .init(title: "SIZE", isNumber: true), .init(title: "STORED AT", canShrink: true),
                .init(title: "CONTENT OF", canShrink: true),
            ], rows: rows
        ).text(width: width)
        return files + "\n" + shares(width: width)
    }

    /// What each entry names, stores and saves, without a newline at the end.
    func shares(width: Int) -> String {
        let hasBases = !plan.lock.bases.isEmpty
        var rows = plan.shares.map { share in
            [
                share.name, "\(share.files)", ByteCount.text(share.named), ByteCount.text(share.stored),
                ByteCount.text(share.savedByFiles), ByteCount.text(share.savedByTensors),
            ] + (hasBases ? [ByteCount.text(share.inBases)] : [])
        }
        rows.append(
            [
                "in all", "\(plan.shares.reduce(0) { $0 + $1.files })", ByteCount.text(plan.named),
                ByteCount.text(plan.size), ByteCount.text(plan.shares.reduce(0) { $0 + $1.savedByFiles }),
                ByteCount.text(plan.shares.reduce(0) { $0 + $1.savedByTensors }),
            ] + (hasBases ? [ByteCount.text(plan.inBases)] : []))
        var text = Table(
            [
                .init(title: "ENTRY", canShrink: true), .init(title: "FILES", isNumber: true),
                .init(title: "NAMED", isNumber: true), .init(title: "STORED", isNumber: true),
                .init(title: "EQUAL FILES", isNumber: true), .init(title: "EQUAL TENSORS", isNumber: true),
            ] + (hasBases ? [.init(title: "IN BASES", isNumber: true)] : []), rows: rows
        ).text(width: width)
        text.removeLast()
        return text
    }

    /// The plan as `--json` has it; sizes are in bytes.
    var json: JSON {
        [
            "named": .integer(plan.named), "stored": .integer(plan.size),
            "in_bases": .integer(plan.inBases),
            "entries": .array(
                plan.shares.map { share in
                    [
                        "name": .string(share.name), "files": .integer(share.files),
                        "named": .integer(share.named), "stored": .integer(share.stored),
                        "saved_by_files": .integer(share.savedByFiles),
                        "saved_by_tensors": .integer(share.savedByTensors),
                        "in_bases": .integer(share.inBases),
                    ]
                }),
            "files": .array(
                plan.stored.map { file in
                    [
                        "path": .string(file.path.text), "size": .integer(file.size),
                        "sha256": .string(file.sha256.hex), "entry": .string(file.entry),
                        "file": .string(file.file.text),
                    ]
                }),
        ]
    }
}
