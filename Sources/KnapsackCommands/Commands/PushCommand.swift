import ArgumentParser
import Bundles
import Caches
import Formats
import Manifests
import Rules
import Storage
import Transfer

/// `knapsack push`
struct PushCommand: KnapsackCommand {
    /// The command's name and its help.
    static let configuration = CommandConfiguration(
        commandName: "push",
        abstract: "Push a bundle to an OCI registry: only what it has not got, resumable.",
        usage: "knapsack push [<bundle-or-manifest>] <oci://host/repository:tag> [<options>]",
        discussion: """
            Takes a bundle that pack wrote, or a manifest with a fresh lock: then the files are read straight from the \
            caches. It becomes an artifact of CNCF ModelPack: a layer for every file, as it is. The lock and the \
            signature are artifacts that refer to it. Every byte is proved against the lock while it is sent. \
            Credentials are found where Docker and Podman keep them.

            Examples:
              knapsack push aimo3-models oci://ghcr.io/my-team/aimo3-models:v1
              # without a bundle on the disk
              knapsack push models.toml oci://harbor.example.org/team/aimo3:v2
              # what another repository of the registry has is taken from there
              knapsack push aimo3-v2 oci://ghcr.io/my-team/v2:v2 --mount my-team/v1
            """)

    /// What is pushed and where to; the first may be left out.
    @Argument(
        help: ArgumentHelp(
            "The bundle's directory or the manifest, and the name that it gets.",
            valueName: "bundle-or-manifest oci://…"), completion: .file())
    var names: [String]

    /// Repositories of the same registry that may have contents already.
    @Option(
        help: ArgumentHelp(
            "A repository of the same registry that may have files already; may be given several times.",
            valueName: "repository"))
    var mount: [String] = []

    /// Whether nothing is sent, and what would be sent is shown.
    @Flag(help: "Show what would be pushed, and send nothing.")
    var dryRun = false

    /// The bytes of one request, as a size.
    @Option(
        help: ArgumentHelp(
            "How much is sent with one request; at most so much is sent again after a break.",
            valueName: "size"))
    var piece = "64MiB"

    /// How the registry is asked.
    @OptionGroup var registry: RegistryOptions
    /// How the network is used.
    @OptionGroup var transfer: TransferOptions
    /// Where the files of a manifest are.
    @OptionGroup var cacheOptions: CacheOptions
    @OptionGroup var output: OutputOptions

    private var target: String { names.count > 1 ? names[0] : ManifestArgument.defaultName }

    var manifestName: String? { FileStatus.isDirectory(target) ? nil : target }

    /// Refuses names that are none, and pieces that registries refuse; exit code 2.
    func validate() throws {
        guard (1...2).contains(names.count), let name = names.last else {
            throw ValidationError("name the bundle or the manifest, and oci://HOST/REPOSITORY:TAG")
        }
        _ = try RegistryOptions.reference(name)
        guard let size = ByteSize.parse(piece), size >= 1 << 20, size <= 1 << 30 else {
            throw ValidationError("--piece takes a size from 1MiB to 1GiB, such as 64MiB")
        }
        for other in mount where !RegistryReference.isRepository(other) {
            throw ValidationError("--mount takes a repository such as my-team/v1, and not \(quoted(other))")
        }
    }

    /// Sends what the registry has not got. Exit code 1 where what was found does not hold or is refused, 2 where it
    /// cannot be decided.
    func execute(_ session: Session) async throws {
        guard let name = names.last else { return }
        let reference = try RegistryOptions.reference(name)
        guard let bundle = try await UploadSource(target, cacheOptions).read(for: nil, session) else {
            return
        }
        let package = try ModelPackage(bundle.lock, files: bundle.files)
        let amount = "\(Counted.text(bundle.files.count, "file")), \(ByteCount.text(bundle.size))"
        let pinned = reference.at(package.descriptor.digest)
        session.add("reference", .string(reference.description))
        session.add("digest", .string("sha256:\(package.descriptor.digest.hex)"))
        if package.segmented > 0 {
            session.report([
                Diagnostic(
                    code: .pushSegments,
                    "\(Counted.text(package.segmented, "file")) in segments, which other programs cannot put together",
                    fix: "set dedup = \"file\" in [bundle] for other programs, then lock and pack again")
            ])
        }
        if dryRun { return session.say("\(reference): \(amount) would be pushed as \(pinned)") }
        let settings = try transfer.upload(piece: ByteSize.parse(piece) ?? 1 << 26, message: "", session)
        let client = try registry.client(
            reference, transfer.requester(session), writes: true, others: mount, session)
        SignalHandler.goesOn()
        let outcome = try await RegistryPush(client, package, others: mount, settings).run()
        session.add("sent", .integer(outcome.sent))
        session.add("unchanged", .bool(outcome.isUnchanged))
        session.say(
            outcome.isUnchanged
                ? "\(reference) has the same content already"
                : "pushed \(reference): \(amount), of which \(ByteCount.text(outcome.sent)) were sent now")
        session.say(pinned)
    }
}
