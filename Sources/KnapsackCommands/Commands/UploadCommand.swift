import ArgumentParser
import Bundles
import Caches
import Formats
import Locking
import Manifests
import Rules
import Storage
import Transfer

/// `knapsack upload`
struct UploadCommand: KnapsackCommand {
    /// The command's name and its help.
    static let configuration = CommandConfiguration(
        commandName: "upload",
        abstract: "Upload a bundle to Kaggle or to the Hugging Face Hub, resumable, and only what is new.",
        usage: "knapsack upload [<bundle-or-manifest>] [--to <place>] [<options>]",
        discussion: """
            Takes a bundle that pack wrote, or a manifest with a fresh lock: then the files are read straight from the \
            caches, and no bundle has to be on the disk. Every byte is proved against the lock while it is sent; of \
            anything else no version is made. What was sent is kept in a journal, so that a killed upload goes on where \
            it was. On Kaggle it becomes what [bundle] names: a version of a data set, or of a model. Credentials are \
            found where the clients find them.

            Examples:
              knapsack upload aimo3-models   # a bundle, to Kaggle
              knapsack upload models.toml    # the same without a bundle on the disk
              # what would be uploaded
              knapsack upload models.toml --dry-run
              knapsack upload aimo3-models --public --no-wait
              knapsack upload aimo3-models --to hf:my-org/aimo3-models --private
              # as a pull request of a data set
              knapsack upload aimo3-models --to hf-dataset:my-org/aimo3 --create-pr
            """)

    /// What is uploaded.
    @Argument(
        help: ArgumentHelp("The bundle's directory, or the manifest.", valueName: "bundle-or-manifest"),
        completion: .file())
    var target: String = ManifestArgument.defaultName

    /// Where to, as ``UploadPlace`` reads it.
    @Option(
        help: ArgumentHelp(
            "kaggle, or a repository on the Hub: hf:ORG/NAME, hf-dataset:ORG/NAME, hf-space:ORG/NAME.",
            valueName: "place"))
    var to = "kaggle"

    /// What the version or the commit is said to be.
    @Option(name: [.short, .long], help: ArgumentHelp("What has changed, in a sentence.", valueName: "text"))
    var message: String?

    /// Whether what is made newly on Kaggle is for everybody.
    @Flag(
        name: .customLong("public"),
        help: "On Kaggle: let everybody see what is made newly; without it, it is private.")
    var isPublic = false

    /// Whether a repository that is made newly is for few.
    @Flag(
        name: .customLong("private"),
        help: "On the Hub: make a repository that is not there as a private one.")
    var isPrivate = false

    /// The branch of the repository.
    @Option(help: ArgumentHelp("On the Hub: the branch, made if it is not there.", valueName: "name"))
    var branch: String?

    /// Whether a pull request is made in place of a commit.
    @Flag(help: "On the Hub: make a pull request, and change no branch.")
    var createPr = false

    /// Whether the command ends before Kaggle has made the version.
    @Flag(help: "On Kaggle: do not wait until the version is made.")
    var noWait = false

    /// Whether nothing is sent, and what would be sent is shown.
    @Flag(help: "Show what would be uploaded, and send nothing.")
    var dryRun = false

    /// The bytes of one request, as a size.
    @Option(
        help: ArgumentHelp(
            "How much is sent with one request, a multiple of 256KiB; at most so much is sent again after a break.",
            valueName: "size"))
    var piece = "8MiB"

    /// How the network is used.
    @OptionGroup var transfer: TransferOptions
    /// Where the files of a manifest are.
    @OptionGroup var cacheOptions: CacheOptions
    @OptionGroup var output: OutputOptions

    var manifestName: String? { FileStatus.isDirectory(target) ? nil : target }

    private var pieceSize: Int? { ByteSize.parse(piece) }

    /// Refuses places that are none, and options of the one place for the other; exit code 2.
    func validate() throws {
        guard let place = UploadPlace(to) else {
            throw ValidationError(
                "--to takes kaggle, hf:ORG/NAME, hf-dataset:ORG/NAME or hf-space:ORG/NAME, and not \(quoted(to))"
            )
        }
        switch place {
        case .kaggle:
            if isPrivate || branch != nil || createPr {
                throw ValidationError(
                    "--private, --branch and --create-pr are for the Hub; on Kaggle everything is private without --public"
                )
            }
        case .hub:
            if isPublic || noWait { throw ValidationError("--public and --no-wait are for Kaggle") }
            if branch != nil, createPr {
                throw ValidationError("--branch and --create-pr exclude each other")
            }
            if let branch, let problem = HubRepository.problem(inRevision: branch) {
                throw ValidationError("--branch takes a branch, and \(quoted(branch)) \(problem)")
            }
        }
        guard let size = pieceSize, size >= UploadSettings.pieceUnit, size % UploadSettings.pieceUnit == 0,
            size <= 1 << 26
        else { throw ValidationError("--piece takes a multiple of 256KiB, at most 64MiB") }
        if ArchiveFormat(path: target) != nil, !FileStatus.isDirectory(target) {
            throw ValidationError("upload takes a bundle's directory or a manifest, and no archive")
        }
    }

    /// Checks, asks, sends, and waits. Exit code 1 where a rule does not hold or the service made nothing of it, 2 where
    /// it could not be asked.
    func execute(_ session: Session) async throws {
        guard let place = UploadPlace(to),
            let bundle = try await UploadSource(target, cacheOptions).read(for: place, session)
        else { return }
        session.add("files", .integer(bundle.files.count))
        session.add("size", .integer(bundle.size))
        switch place {
        case .kaggle: try await uploadToKaggle(bundle, session)
        case .hub(let repository): try await uploadToHub(bundle, repository, session)
        }
    }

    private func settings(_ bundle: OutgoingBundle, _ session: Session) throws -> UploadSettings {
        let lock = bundle.files.first { $0.path == Lock.bundledName }
        let name = lock.map { String($0.sha256.hex.prefix(12)) } ?? ""
        return try transfer.upload(
            piece: pieceSize ?? 1 << 23, message: message ?? "packed by Knapsack, lock \(name)", session)
    }

    // MARK: Kaggle

    private func uploadToKaggle(_ bundle: OutgoingBundle, _ session: Session) async throws {
        let settings = try settings(bundle, session)
        let names = bundle.lock.bundle
        guard let owner = names.owner else {
            throw Diagnostics(
                Diagnostic(
                    code: .uploadRefused, "the bundle has no owner, so that nobody knows whose it will be",
                    fix: "add owner = \"your-kaggle-name\" to [bundle], then lock and pack again",
                    verdict: .undecided))
        }
        let client = try KaggleConnection.client(transfer.requester(session), session)
        let upload = KaggleUpload(client, names, owner: owner, files: bundle.files, settings)
        session.add("handle", .string(upload.handle.text))
        if dryRun { return try await planKaggle(upload, bundle, session) }
        SignalHandler.goesOn()
        let outcome = try await upload.run(isPublic: isPublic, waits: !noWait)
        session.add("url", .string(outcome.page))
        session.add("sent", .integer(outcome.sent))
        session.add("unchanged", .bool(outcome.isUnchanged))
        if let version = outcome.handle.version { session.add("version", .integer(version)) }
        report(outcome, session)
        let amount = "\(Counted.text(bundle.files.count, "file")), \(ByteCount.text(bundle.size))"
        let what = upload.handle.text
        if outcome.isUnchanged {
            session.say("Kaggle has the same content already: \(outcome.handle.text)")
        } else if let version = outcome.handle.version {
            session.say(
                "uploaded \(what), version \(version): \(amount), of which \(ByteCount.text(outcome.sent)) were sent now"
            )
        } else {
            session.say("sent \(what): \(amount); Kaggle is still making the version")
        }
        session.say("\(outcome.page)\n\nin a notebook:\n\n\(BundleReadme.notebookLines(names))")
    }

    private func report(_ outcome: KaggleUpload.Outcome, _ session: Session) {
        guard !outcome.unknownTags.isEmpty else { return }
        session.report([
            Diagnostic(
                code: .uploadTags,
                "Kaggle does not know \(outcome.unknownTags.map { quoted($0) }.joined(separator: ", ")), and left "
                    + "\(outcome.unknownTags.count == 1 ? "it" : "them") out",
                fix: "take tags that kaggle.com/tags lists; add one at \(outcome.page)")
        ])
    }

    private func planKaggle(_ upload: KaggleUpload, _ bundle: OutgoingBundle, _ session: Session) async throws
    {
        let current = try await upload.current()
        let next = (current ?? 0) + 1
        session.add("version", .integer(next))
        tell(bundle, session)
        session.say(
            (current.map {
                "\(upload.handle.text) has version \($0) on Kaggle; this would be version \(next)"
            }
                ?? "\(upload.handle.text) is not on Kaggle; it would be made, \(isPublic ? "for everybody" : "private")")
        )
    }

    // MARK: The Hub

    private func uploadToHub(
        _ bundle: OutgoingBundle, _ repository: HubRepository, _ session: Session
    ) async throws {
        let settings = try settings(bundle, session)
        let client = try HubConnection.client(transfer.requester(session), session)
        let upload = HubUpload(client, repository, files: bundle.files, settings)
        session.add("repository", .string(repository.id))
        if dryRun {
            tell(bundle, session)
            return session.say("to \(client.endpoint.page(repository)), in one commit")
        }
        SignalHandler.goesOn()
        let outcome = try await upload.run(
            branch: branch ?? "main", isPrivate: isPrivate, asPullRequest: createPr)
        session.add("url", .string(outcome.page))
        session.add("sent", .integer(outcome.sent))
        session.add("unchanged", .bool(outcome.isUnchanged))
        if let commit = outcome.commit { session.add("commit", .string(commit)) }
        let amount = "\(Counted.text(bundle.files.count, "file")), \(ByteCount.text(bundle.size))"
        session.say(
            outcome.isUnchanged
                ? "\(repository.id) has the same content already"
                : "uploaded \(repository.id): \(amount), of which \(ByteCount.text(outcome.sent)) were sent now"
        )
        session.say(outcome.page)
    }

    private func tell(_ bundle: OutgoingBundle, _ session: Session) {
        let rows = bundle.files.map { [ByteCount.text($0.size), $0.path.text] }
        if output.verbose {
            session.say(
                Table(
                    [.init(title: "SIZE", isNumber: true), .init(title: "FILE", canShrink: true)], rows: rows
                ).text(width: session.context.terminal.tableWidth))
        }
        session.say("\(Counted.text(bundle.files.count, "file")), \(ByteCount.text(bundle.size))")
        session.add(
            "upload",
            .array(
                bundle.files.map { file in
                    [
                        "path": .string(file.path.text), "size": .integer(file.size),
                        "sha256": .string(file.sha256.hex),
                    ]
                }))
    }
}
