import ArgumentParser
import Caches
import Formats
import Locking
import Manifests
import Storage
import Transfer

/// `knapsack fetch`
struct FetchCommand: KnapsackCommand {
    /// The command's name and its help.
    static let configuration = CommandConfiguration(
        commandName: "fetch",
        abstract: "Load models from the Hub, Kaggle and OCI registries into the caches.",
        usage: "knapsack fetch [<manifest> | <source> ...] [<options>]",
        discussion: """
            What is in the cache is not loaded again, and what an interrupted fetch loaded is kept: the same command \
            goes on where it stopped, also on another day. Every file is proved by the digest that the service \
            states, and by the lock if there is one, before it gets its name. Beside a manifest with a lock, the commits \
            and versions that the lock pins are loaded. Credentials are found where the clients find them: HF_TOKEN, or \
            hf auth login; KAGGLE_API_TOKEN, or kaggle auth login; \
            docker login. What a registry has is kept in a store of Knapsack's own.

            Examples:
              knapsack fetch                      # what knapsack.toml names
              knapsack fetch models.toml --dry-run   # what would be loaded
              # exactly what the lock pins, and an error if it is not fresh
              knapsack fetch models.toml --locked
              knapsack fetch hf:Qwen/Qwen2.5-7B-Instruct
              knapsack fetch hf:org/model@v1.0 --include '*.gguf'
              knapsack fetch hf-dataset:org/data --bandwidth 10MB
              knapsack fetch kaggle:google/gemma-2/transformers/gemma-2-2b-it/2
              knapsack fetch oci:docker.io/ai/smollm2:latest
            """)

    /// The manifest, or the sources to load; none means the usual manifest.
    @Argument(
        help: ArgumentHelp(
            "The manifest, or sources such as hf:org/name@main.", valueName: "manifest | source"),
        completion: .file(extensions: ["toml"]))
    var targets: [String] = []

    /// Globs of the files to load; without any, all.
    @Option(
        help: ArgumentHelp(
            "Of sources: only files that match; may be given several times.", valueName: "glob"))
    var include: [String] = []

    /// Globs of the files that are left out.
    @Option(
        help: ArgumentHelp("Of sources: no files that match; may be given several times.", valueName: "glob"))
    var exclude: [String] = []

    /// The revision of sources that state none.
    @Option(
        help: ArgumentHelp("Of sources: the branch, the tag or the commit.", valueName: "revision"))
    var revision: String?

    /// Whether the lock has to be fresh, so that its commits and digests decide.
    @Flag(help: "Fail if the lock is missing or not fresh.")
    var locked = false

    /// Whether nothing is written and what would be loaded is shown.
    @Flag(help: "Show what would be loaded, and the free space, and write nothing.")
    var dryRun = false

    /// Whether the user's tokens stay here.
    @Flag(help: "Ask the Hub and Kaggle as somebody whom they do not know: without tokens.")
    var anonymous = false

    /// How registries are asked.
    @OptionGroup var registry: RegistryOptions
    /// How the network is used.
    @OptionGroup var transfer: TransferOptions
    /// The caches that are filled.
    @OptionGroup var cacheOptions: CacheOptions
    @OptionGroup var output: OutputOptions

    private var sources: [String]? { targets.contains(where: SourceFile.isSource) ? targets : nil }

    var manifestName: String? { sources == nil ? targets.first ?? ManifestArgument.defaultName : nil }

    /// Refuses options of sources beside a manifest, and of a manifest beside sources; exit code 2.
    func validate() throws {
        if let sources {
            if locked { throw ValidationError("--locked is for a manifest") }
            if let other = sources.first(where: { !SourceFile.isSource($0) }) {
                throw ValidationError("\(other) is no source, and others are")
            }
            return
        }
        guard targets.count <= 1 else { throw ValidationError("one manifest, or any number of sources") }
        if !include.isEmpty || !exclude.isEmpty || revision != nil {
            throw ValidationError(
                "--include, --exclude and --revision are for sources; a manifest states its own")
        }
    }

    func execute(_ session: Session) async throws {
        try requireManifest()
        let fetching = Fetching(
            options: transfer, caches: cacheOptions, registry: registry, isKnown: !anonymous)
        guard let wishes = try sources.map(wishes) ?? wishes(fetching, session) else { return }
        guard !wishes.isEmpty else { return session.say("nothing is fetched of what is named") }
        guard dryRun else {
            _ = try await fetching.load(wishes, session)
            return
        }
        guard let (_, plans) = try await fetching.plans(wishes, session) else { return }
        session.say(
            FetchReport.planned(
                plans, files: plans.count == 1 || output.verbose, width: session.context.terminal.tableWidth))
        session.add("planned", .array(plans.map(FetchReport.json)))
        var spaces: [JSON] = []
        for (place, plans) in plans.byCache {
            guard let free = try? SpaceNeeded.free(at: place) else { continue }
            let room = plans.saturatedSum(\.room)
            session.say(
                "\(FileWalk.shown(place)): \(ByteCount.text(room)) of room needed, \(ByteCount.text(free)) free"
                    + (room > free ? ", which is too little" : "")
            )
            spaces.append([
                "cache": .string(place), "needed": .integer(room), "free": .integer(free),
            ])
        }
        session.add("space", .array(spaces))
    }

    /// Tells what no source is that was meant as one: an address, a scheme that does not exist, a name without any.
    private func requireManifest() throws {
        guard sources == nil, let target = targets.first, !target.hasSuffix(".toml"),
            target.utf8.contains(where: { [UInt8(ascii: ":"), UInt8(ascii: "/")].contains($0) }),
            try FileStatus.existing(target) == nil
        else { return }
        do throws(SourceError) {
            _ = try Source.parse(target)
        } catch {
            throw Diagnostics(.source(target, error))
        }
    }

    private func wishes(_ sources: [String]) throws -> [FetchWish]? {
        try sources.map {
            try FetchWish(source: $0, revision: revision, include: include, exclude: exclude)
        }
    }

    /// What the manifest wants; `nil` where something was reported that hinders.
    private func wishes(_ fetching: Fetching, _ session: Session) throws -> [FetchWish]? {
        var argument = ManifestArgument()
        argument.manifest = manifestName ?? ManifestArgument.defaultName
        let manifest = try argument.read()
        let lock = try locked ? Fetching.fresh(argument, manifest, session) : argument.readLock()
        if locked, lock == nil { return nil }
        return fetching.wishes(manifest, lock, update: .none)
    }
}
