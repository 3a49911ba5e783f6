import ArgumentParser
import Bundles
import Caches
import Formats
import Manifests
import Storage
import Transfer

/// `knapsack pull`
struct PullCommand: KnapsackCommand {
    /// The command's name and its help.
    static let configuration = CommandConfiguration(
        commandName: "pull",
        abstract: "Pull a bundle, or a model, from an OCI registry into a directory or a cache.",
        usage: "knapsack pull <oci://host/repository:tag> --to <dir> [<options>]",
        discussion: """
            Every file is proved by the digest that the registry states, and a bundle by its lock as well, before the \
            directory gets its name. An interrupted pull continues where it stopped. Also takes models of CNCF ModelPack \
            and Docker whose layers are files as they are. Credentials are found where Docker and Podman keep them.

            Examples:
              knapsack pull oci://ghcr.io/my-team/aimo3-models:v1 --to aimo3-models
              # exactly this one, wherever the tag points now
              knapsack pull oci://ghcr.io/my-team/aimo3@sha256:DIGEST --to aimo3
              knapsack pull oci://ghcr.io/my-team/aimo3:v1 --hf-cache hub
              knapsack pull oci://docker.io/ai/smollm2:latest --to smollm2
            """)

    /// What is pulled.
    @Argument(help: ArgumentHelp("The name of the artifact.", valueName: "oci://host/repository:tag"))
    var name: String

    /// The directory that gets the files as they were pushed; `nil` for none.
    @Option(
        help: ArgumentHelp("Write the files into this directory, which must not exist.", valueName: "dir"),
        completion: .directory)
    var to: String?

    /// The hub cache that gets the entries from one; `nil` for none.
    @Option(
        help: ArgumentHelp(
            "Restore this Hugging Face hub cache, with a bundle's entries that came from one.",
            valueName: "dir"),
        completion: .directory)
    var hfCache: String?

    /// The kagglehub cache that gets the entries from one; `nil` for none.
    @Option(
        help: ArgumentHelp(
            "Restore this kagglehub cache, with a bundle's entries that came from one.", valueName: "dir"),
        completion: .directory)
    var kagglehubCache: String?

    /// Whether nothing is loaded, and what would be loaded is shown.
    @Flag(help: "Show what would be pulled, and load nothing.")
    var dryRun = false

    /// The bundles that it builds on, for the caches.
    @OptionGroup var bases: BaseOptions
    /// How the registry is asked.
    @OptionGroup var registry: RegistryOptions
    /// How the network is used.
    @OptionGroup var transfer: TransferOptions
    /// How the result is printed.
    @OptionGroup var output: OutputOptions

    private var caches: [UnpackTarget] {
        [(UnpackTarget.Form.hub, hfCache), (.kagglehub, kagglehubCache)]
            .compactMap { form, path in path.map { UnpackTarget(form, $0) } }
    }

    /// Refuses names that are none, and a command without a target; exit code 2.
    func validate() throws {
        _ = try RegistryOptions.reference(name)
        let paths = [to, hfCache, kagglehubCache].compactMap(\.self)
        if paths.isEmpty {
            throw ValidationError("name the target: --to DIR, --hf-cache DIR or --kagglehub-cache DIR")
        }
        if paths.contains(where: \.isEmpty) { throw ValidationError("a directory's name is empty") }
    }

    /// Loads everything, then gives it its names. Exit code 1 where a bundle is not what its lock states, 2 where
    /// something could not be had.
    func execute(_ session: Session) async throws {
        let reference = try RegistryOptions.reference(name)
        if let to, try FileStatus.existing(to) != nil {
            try RegistryPull.removeLeftover(of: Path.normalized(to))
            throw Diagnostics(
                Diagnostic(
                    code: .outputExists, "\(to) is there already",
                    fix: "name another directory, or remove it",
                    verdict: .undecided))
        }
        let client = try registry.client(reference, transfer.requester(session), writes: false, session)
        let artifact = try await RegistryArtifact.resolve(client)
        if to == nil, !artifact.isBundle {
            throw Diagnostics(
                Diagnostic(
                    code: .usage,
                    "\(reference) is not a bundle, so that nobody knows which cache its files are of",
                    fix: "pull it with --to DIR", verdict: .undecided))
        }
        if !caches.isEmpty {
            let bytes = try await RegistryProof(client, artifact).content(
                Lock.bundledName, limit: Lock.sizeLimit)
            try Unpacker.requireEntries(
                of: Lock.parse(bytes, path: Lock.bundledName.text), for: caches, name: reference.description)
        }
        let amount = "\(Counted.text(artifact.files.count, "file")), \(ByteCount.text(artifact.size))"
        session.add("reference", .string(reference.description))
        session.add("digest", .string("sha256:\(artifact.digest.hex)"))
        session.add("files", .integer(artifact.files.count))
        session.add("bytes", .integer(artifact.size))
        if dryRun { return show(artifact, amount, session) }
        let target = Path.normalized(to ?? hfCache ?? kagglehubCache ?? ".")
        try SpaceNeeded(
            artifact.size, for: target, fix: "free space there, or name another place"
        ).check()
        SignalHandler.goesOn()
        let pull = try RegistryPull(client, artifact, target: target)
        try await pull.load(
            connections: transfer.connections, throttle: Throttle(bytesPerSecond: transfer.bytesPerSecond),
            progress: session.progress, notify: { session.say($0) })
        if artifact.isBundle, try await !isRight(artifact, pull.tree, session) {
            return try pull.remove()
        }
        if !caches.isEmpty { try await restore(pull.tree, session) }
        if let to {
            try pull.publish(as: Path.normalized(to))
            session.say("pulled \(reference) to \(to): \(amount)")
        } else {
            try pull.remove()
            session.say("pulled \(reference): \(amount)")
        }
        session.say(reference.at(artifact.digest))
    }

    /// Compares a bundle with its lock, and writes the files by which the kaggle command uploads it: registries get
    /// none of those.
    private func isRight(_ artifact: RegistryArtifact, _ tree: String, _ session: Session) async throws
        -> Bool
    {
        let report = try await BundleVerifier(directory: tree, level: .quick).verify(
            progress: session.progress)
        session.report(report.findings.filter { $0.severity != .note })
        guard let lock = report.lock, !session.hasErrors else { return false }
        // Names and sizes were compared with the files; digests are compared with what those were proved by.
        let bytes = try FileReader.contents(of: SumsFile.name.joined(to: tree), limit: Lock.sizeLimit)
        let listed = try await ListedBundle(lock: lock.bytes).report(
            artifact.contents, sums: bytes, .quick, name: name)
        session.report(listed.findings.filter { $0.severity != .note && $0.code != .baseMissing })
        guard !session.hasErrors else { return false }
        for file in UploadMetadata(lock.bundle).files {
            try AtomicFile.write(Array(file.text.utf8), to: file.name.joined(to: tree))
        }
        return true
    }

    private func restore(_ tree: String, _ session: Session) async throws {
        let content = try DirectoryContent(tree)
        session.report(
            try await Unpacker(content, to: caches, entries: nil, bundle: content.path, bases: bases.base)
                .unpack(progress: session.progress))
    }

    private func show(_ artifact: RegistryArtifact, _ amount: String, _ session: Session) {
        let rows = artifact.files.map { [ByteCount.text($0.size), $0.path.text] }
        session.say(
            Table(
                [.init(title: "SIZE", isNumber: true), .init(title: "FILE", canShrink: true)], rows: rows
            ).text(width: session.context.terminal.tableWidth))
        session.say(amount)
        session.add(
            "content",
            .array(
                artifact.files.map { file in
                    [
                        "path": .string(file.path.text), "size": .integer(file.size),
                        "sha256": .string(file.sha256.hex),
                    ]
                }))
    }
}
