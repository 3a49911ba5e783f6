import ArgumentParser
import Formats
import Manifests
import Storage
import Transfer

/// `knapsack add`
struct AddCommand: KnapsackCommand {
    /// The command's name and its help.
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Append an entry to the manifest, and keep every comment in it.",
        usage: "knapsack add <source> [<options>]",
        discussion: """
            With --gguf or --dtype there are two entries: the model, which is not packed, and what is made from \
            it. Where there is no manifest, one is made.

            Examples:
              knapsack add hf:Qwen/Qwen2.5-0.5B-Instruct
              knapsack add hf:google/gemma-2-2b-it@main --gguf Q4_K_M --name gemma
              knapsack add hf:Qwen/Qwen2.5-7B-Instruct --gguf fit --max-size '4.2 GB'
              knapsack add kaggle-dataset:me/wheels --kind wheels
              knapsack add hf:org/name --include '*.safetensors' --include '*.json'
              knapsack add hf:org/name@v1.0 --fetch     # and load it into the cache
            """)

    /// The source in the form of a manifest's, which decides the kind and the name unless they are given.
    @Argument(help: "What to add, such as hf:org/name@main.", completion: Completions.models)
    var source: String

    /// The entry's name; `nil` makes one that the manifest does not have yet.
    @Option(help: ArgumentHelp("The entry's name; made from the source's by default.", valueName: "name"))
    var name: String?

    /// The kind of entry; `nil` takes what the source is.
    @Option(
        help: ArgumentHelp(
            "What it is: model, dataset, wheels or files. By default the source decides.", valueName: "kind"))
    var kind: Entry.Kind?

    /// The patterns of files to take; none takes all.
    @Option(help: ArgumentHelp("A pattern of files to take; may be repeated.", valueName: "pattern"))
    var include: [String] = []

    /// The patterns of files to leave out.
    @Option(help: ArgumentHelp("A pattern of files to leave out; may be repeated.", valueName: "pattern"))
    var exclude: [String] = []

    /// The type of the GGUF that a second entry makes of it; `nil` for no such entry.
    @Option(
        help: ArgumentHelp("Make GGUF of this type from it, such as Q4_K_M.", valueName: "type"),
        completion: Completions.outputTypes)
    var gguf: String?

    /// The budget of `--gguf fit`; `nil` where there is none.
    @Option(
        help: ArgumentHelp(
            "With --gguf: the most bytes that it may have, which fit needs: '4.2 GB'.", valueName: "size"))
    var maxSize: String?

    /// Whether the GGUF's entry has a projector, too.
    @Flag(help: "With --gguf: make the projector (mmproj) for pictures or sound, too.")
    var mmproj = false

    /// What llama.cpp calls the pre-tokenizer; `nil` leaves it to be found.
    @Option(
        help: ArgumentHelp(
            "With --gguf: the pre-tokenizer, if it is not known; knapsack help gguf lists the names.",
            valueName: "name"))
    var pre: String?

    /// The type that a second entry casts it to; `nil` for no such entry.
    @Option(help: ArgumentHelp("Cast it: f16, bf16 or f32.", valueName: "type"))
    var dtype: String?

    /// The licence that the entry states; `nil` leaves it to the cache.
    @Option(help: ArgumentHelp("The licence, if the cache does not state it.", valueName: "licence"))
    var license: String?

    /// Whether the entries are printed, and nothing is written.
    @Flag(help: "Print what would be appended, and write nothing.")
    var dryRun = false

    /// Whether the source is loaded into the cache first.
    @Flag(help: "Load it first, as knapsack fetch does; what cannot be loaded is not added.")
    var fetch = false

    /// How the network is used by `--fetch`.
    @OptionGroup(title: "Options of --fetch") var transfer: TransferOptions
    /// How registries are asked by `--fetch`.
    @OptionGroup(title: "Options of --fetch") var registry: RegistryOptions
    /// The caches that `--fetch` loads into.
    @OptionGroup var cacheOptions: CacheOptions

    /// Which manifest gets the entries.
    @OptionGroup var edited: EditedManifest
    /// How the result is printed.
    @OptionGroup var output: OutputOptions

    var subject: String? { edited.path }

    /// Refuses two conversions at once, and a conversion of anything but a model; exit code 2.
    func validate() throws {
        if gguf != nil, dtype != nil { throw ValidationError("--gguf and --dtype exclude each other") }
        let given = [("--max-size", maxSize != nil), ("--mmproj", mmproj), ("--pre", pre != nil)]
        if gguf == nil, let option = given.first(where: \.1)?.0 {
            throw ValidationError("\(option) needs --gguf")
        }
        if let gguf, gguf.hasSameBytes(as: FitRun.typeName), maxSize == nil {
            throw ValidationError("--gguf fit needs a budget: add --max-size '4.2 GB'")
        }
        if fetch && dryRun { throw ValidationError("--fetch and --dry-run exclude each other") }
        if let kind, kind != .model, gguf != nil || dtype != nil {
            throw ValidationError("only a model can be converted, and --kind is \(kind.rawValue)")
        }
    }

    /// Writes the manifest with the entries appended, all of it or nothing, or makes one. What would not be
    /// right afterwards is an error, and not written.
    func execute(_ session: Session) async throws {
        let present = try edited.read()
        let added = try entries.entries(beside: present?.manifest.entries ?? [])
        let bytes = try present?.adding(added) ?? edited.fresh(added)
        if fetch {
            let wish = try FetchWish(source: source, include: include, exclude: exclude)
            let fetching = Fetching(options: transfer, caches: cacheOptions, registry: registry)
            guard try await fetching.load([wish], session) else { return }
        }
        if !dryRun { try edited.write(bytes) }
        let names = added.compactMap(\.name)
        session.add("manifest", .string(edited.path))
        session.add("created", .bool(present == nil))
        session.add("added", .array(names.map(JSON.string)))
        session.add("text", .string(added.map(\.text).joined(separator: "\n")))
        guard !session.json else { return }
        if dryRun { return session.context.writeOutput(added.map(\.text).joined(separator: "\n")) }
        let word = session.manifest.map { " " + ShellWord.quoted($0) } ?? ""
        session.say(
            "\(present == nil ? "wrote" : "added to") \(edited.path): \(names.joined(separator: ", ")); "
                + "then: knapsack lock\(word)")
    }

    private var entries: AddedEntries {
        get throws {
            do throws(SourceError) {
                var entries = AddedEntries(try Source.parse(source))
                entries.kind = kind
                entries.name = name
                entries.include = include
                entries.exclude = exclude
                entries.license = license
                entries.gguf = gguf
                entries.dtype = dtype
                entries.maxSize = maxSize
                entries.hasProjector = mmproj
                entries.preTokenizer = pre
                return entries
            } catch {
                throw Diagnostics(.source(source, error))
            }
        }
    }
}

extension Entry.Kind: ExpressibleByArgument {}
