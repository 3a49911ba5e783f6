import ArgumentParser
import Bundles
import Formats
import Storage

/// `knapsack unpack`
struct UnpackCommand: KnapsackCommand {
    /// The command's name and its help.
    static let configuration = CommandConfiguration(
        commandName: "unpack",
        abstract: "Restore plain directories or the clients' caches from a bundle.",
        usage: "knapsack unpack <bundle> --to <dir> [<options>]",
        discussion: """
            Every file is proved against the bundle's lock before it gets its name. What is there already \
            stays: equal content is used, other content is an error, and then nothing at all is written. \
            No link in a target is followed. An interrupted unpack continues where it stopped.

            Examples:
              # models/ENTRY/…, entries of every source
              knapsack unpack aimo3-models --to models
              knapsack unpack aimo3-models --to models --entry qwen
              # in one pass, without a staging directory
              knapsack unpack aimo3-models.tar.zst --to models
              knapsack unpack aimo3-models --hf-cache ~/.cache/huggingface/hub
              # with what it refers to in the bundle that it builds on
              knapsack unpack aimo3-lora --base aimo3-models --to models
              knapsack unpack aimo3-models --hf-cache hub --kagglehub-cache kagglehub
            """)

    /// The bundle, a directory or an archive.
    @Argument(
        help: ArgumentHelp("A bundle's directory or archive.", valueName: "bundle"), completion: .file())
    var bundle: String

    /// The directory that gets a directory for each entry; `nil` for none.
    @Option(
        help: ArgumentHelp("Write DIR/ENTRY/PATH, for entries of every source.", valueName: "dir"),
        completion: .directory)
    var to: String?

    /// The hub cache that gets the entries from one; `nil` for none.
    @Option(
        help: ArgumentHelp(
            "Restore this Hugging Face hub cache, with the entries that came from one.", valueName: "dir"),
        completion: .directory)
    var hfCache: String?

    /// The kagglehub cache that gets the entries from one; `nil` for none.
    @Option(
        help: ArgumentHelp(
            "Restore this kagglehub cache, with the entries that came from one.", valueName: "dir"),
        completion: .directory)
    var kagglehubCache: String?

    /// The entries that are restored; none names all.
    @Option(
        help: ArgumentHelp("Only this entry; may be given several times.", valueName: "name"),
        completion: Completions.bundleEntries)
    var entry: [String] = []

    /// The bundles that it builds on.
    @OptionGroup var bases: BaseOptions

    /// How the result is printed.
    @OptionGroup var output: OutputOptions

    /// Refuses a command without a target, and empty names; exit code 2.
    func validate() throws {
        if targets.isEmpty {
            throw ValidationError("name the target: --to DIR, --hf-cache DIR or --kagglehub-cache DIR")
        }
        if targets.contains(where: { $0.path.isEmpty }) {
            throw ValidationError("a directory's name is empty")
        }
    }

    private var targets: [UnpackTarget] {
        [(UnpackTarget.Form.directories, to), (.hub, hfCache), (.kagglehub, kagglehubCache)]
            .compactMap { form, path in path.map { UnpackTarget(form, $0) } }
    }

    /// Writes the files into their targets. Where something else is in the way, nothing at all is written.
    func execute(_ session: Session) async throws {
        let names = entry.isEmpty ? nil : Set(exactly: entry)
        let unpacker: Unpacker
        if let format = ArchiveFormat(path: bundle), !FileStatus.isDirectory(bundle) {
            unpacker = try Unpacker(
                ArchiveContent(bundle, format: format), to: targets, entries: names, bases: bases.base)
        } else {
            let content = try DirectoryContent(bundle)
            unpacker = try Unpacker(
                content, to: targets, entries: names, bundle: content.path, bases: bases.base)
        }
        SignalHandler.goesOn()
        let receipt = try await unpacker.unpack(progress: session.progress)
        session.add("bundle", .string(bundle))
        session.report(receipt)
    }
}

extension Session {
    /// Tells what was restored and what was not.
    func report(_ receipt: UnpackReceipt) {
        report(receipt.findings)
        add("targets", .array(receipt.parts.map(\.json)))
        add("left", .array(receipt.left.map(JSON.string)))
        for part in receipt.parts { say(part.text) }
        for (form, names) in receipt.leftByForm {
            let own = form == .directories ? "" : "--\(form.rawValue) DIR restores, and "
            say("not restored: \(names.joined(separator: ", ")), which \(own)--to DIR writes")
        }
    }
}

extension UnpackReceipt.Part {
    fileprivate var text: String {
        var text = "\(target.path): \(Counted.text(files, "file")) of "
        text += entries.joined(separator: ", ") + ", \(ByteCount.text(written)) written"
        if present > 0 { text += ", \(ByteCount.text(present)) were there" }
        return lost > 0 ? text + ", \(Counted.text(lost, "file")) not restored" : text
    }

    fileprivate var json: JSON {
        [
            "form": .string(target.form.rawValue), "path": .string(target.path),
            "entries": .array(entries.map(JSON.string)), "files": .integer(files),
            "written": .integer(written), "present": .integer(present), "lost": .integer(lost),
        ]
    }
}
