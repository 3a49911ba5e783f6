import ArgumentParser
import Bundles
import Caches
import Formats
import Manifests
import Storage
import Transfer

/// `knapsack verify`
struct VerifyCommand: KnapsackCommand {
    /// The command's name and its help.
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Prove every byte of a bundle, or of the caches, against the lock.",
        usage: "knapsack verify <bundle-or-lock> [<options>]",
        discussion: """
            Exit code 0: every byte is right; 1: something is changed, missing or extra; 2: it could not \
            be looked at.

            Examples:
              knapsack verify aimo3-models   # a bundle's directory against its own lock
              knapsack verify models.lock    # the caches against a lock
              # what a registry has, every byte, and keep nothing
              knapsack verify oci://ghcr.io/my-team/aimo3-models:v1
              # an archive, in one pass without unpacking
              knapsack verify aimo3-models.tar.zst
              knapsack verify aimo3-models --quick   # names and sizes only
              # and that model.sig in it was made by the key
              knapsack verify aimo3-models --key pub.pem
              # all of it, also what it refers to in a base
              knapsack verify aimo3-lora --base aimo3-models
              # any model that was signed as OpenSSF Model Signing states, no bundle needed
              knapsack verify DIR --key pub.pem --signature FILE
            """)

    /// What is proved: a bundle or a model, or a lock that the caches are held against.
    @Argument(
        help: ArgumentHelp("A bundle's directory or archive, or a lock.", valueName: "bundle-or-lock"),
        completion: .file())
    var target: String

    /// Whether names and sizes are enough.
    @Flag(help: "Compare names and sizes only; content is not read.")
    var quick = false

    /// The bundles that it builds on.
    @OptionGroup var bases: BaseOptions

    /// Whose signature it has to have.
    @OptionGroup var signing: SignatureOptions
    /// Where the files of a lock are looked up.
    @OptionGroup var cacheOptions: CacheOptions
    /// In which form findings are told.
    @OptionGroup var formatOption: FormatOption
    /// How a registry is asked.
    @OptionGroup var registry: RegistryOptions
    /// How the result is printed.
    @OptionGroup var output: OutputOptions

    var reportFormat: ReportFormat { formatOption.format(output) }

    /// The lock, wherever it is stored, or the archive.
    var subject: String? {
        if let lockPath { return lockPath }
        return isDirectory ? Lock.bundledName.joined(to: target) : target
    }

    /// Refuses `--json` beside another format; exit code 2.
    func validate() throws { try formatOption.validate(output) }

    /// The lock that the caches are held against; `nil` for a bundle.
    private var lockPath: String? {
        if target.hasSuffix(".toml") { return target.dropLast(5) + ".lock" }
        return target.hasSuffix(".lock") ? target : nil
    }

    private var isDirectory: Bool { FileStatus.isDirectory(target) }

    /// Reads everything, and writes nothing. Exit code 1 where something is changed, missing or extra, 2
    /// where it could not be looked at.
    func execute(_ session: Session) async throws {
        let level: VerifyReport.Level = quick ? .quick : .full
        let (report, signed) = try await verified(level, session)
        session.report(report.findings)
        if signed == nil, report.holdsSignature {
            session.report([
                Diagnostic(
                    code: .signatureUnchecked,
                    "\(ModelSignature.name) was not checked: name the public key with --key")
            ])
        }
        session.add("target", .string(target))
        session.add("level", .string(level.rawValue))
        session.add("files", .integer(report.files))
        session.add("bytes", .integer(report.bytes))
        if let lock = report.lock, !lock.bases.isEmpty {
            session.add("bases", .array(lock.bases.map { .object($0.lockMembers) }))
            session.add("through_bases", .integer(report.throughBases))
        }
        if report.unassembled > 0 { session.add("unassembled", .integer(report.unassembled)) }
        if let signed { session.add("signed_by", .string(signed)) }
        let amount = "\(Counted.text(report.files, "file")), \(ByteCount.text(report.bytes))"
        if session.hasErrors {
            session.say(
                "\(target): \(Counted.text(report.findings.filter { $0.severity != .note }.count, "finding")) in \(amount)"
            )
        } else if quick {
            session.say("\(target): \(amount): names and sizes are right; content was not read")
        } else {
            session.say("\(target): \(amount): every byte is right")
            if report.throughBases > 0 {
                session.say("\(Counted.text(report.throughBases, "file")) in bases: every byte is right")
            }
            if let signed { session.say("signed by the key \(signed)") }
            if report.unassembled > 0 {
                session.say(
                    "\(Counted.text(report.unassembled, "file")) in segments proved by parts: for more, the archive has to be unpacked, or the bundle pulled"
                )
            }
        }
    }

    /// Looks at whatever the target is; with the fingerprint of the key that it has to be signed by.
    private func verified(
        _ level: VerifyReport.Level, _ session: Session
    ) async throws -> (report: VerifyReport, key: String?) {
        if let lockPath {
            guard bases.base.isEmpty else {
                throw usage("--base is for a bundle: the caches have all files themselves")
            }
            guard signing.key == nil else {
                throw usage("--key needs a bundle or a model: a lock is not signed, what it states is")
            }
            let report = try await CacheVerifier(
                try Lock.read(lockPath), caches: cacheOptions.caches(session.context),
                directory: Path.parent(lockPath), level: level
            ).verify(progress: session.progress)
            return (report, nil)
        }
        if target.hasUTF8Prefix(RegistryReference.scheme) {
            guard signing.key == nil else {
                throw usage("--key needs the bundle itself: pull it, then verify the directory with --key")
            }
            guard bases.base.isEmpty else {
                throw usage("--base needs the bundle itself: pull it, then verify the directory with --base")
            }
            return (try await pushed(level, session), nil)
        }
        if let keyPath = signing.key {
            guard !quick else { throw usage("--quick reads no content, and a signature is of the content") }
            let key = try KeyFiles.publicKey(keyPath)
            let check = SignedTarget(target, signing, key, bases: bases.base)
            return (try await check.verify(progress: session.progress), try key.fingerprint())
        }
        if let format = ArchiveFormat(path: target), !isDirectory {
            let report = try await ArchiveVerifier(
                target, format: format, level: level, bases: bases.base
            )
            .verify(progress: session.progress)
            return (report, nil)
        }
        let report = try await BundleVerifier(
            directory: target, level: level, bases: bases.base
        )
        .verify(progress: session.progress)
        return (report, nil)
    }

    /// Looks at what a registry has; the only form for which the network is used.
    private func pushed(_ level: VerifyReport.Level, _ session: Session) async throws -> VerifyReport {
        let reference = try RegistryOptions.reference(target)
        let transfer = try TransferOptions.parse([])
        let client = try registry.client(reference, transfer.requester(session), writes: false, session)
        let artifact = try await RegistryArtifact.resolve(client)
        let proof = RegistryProof(client, artifact)
        let lock = try await proof.content(Lock.bundledName, limit: Lock.sizeLimit)
        let sums = try await proof.content(SumsFile.name, limit: Lock.sizeLimit)
        let report = try await ListedBundle(lock: lock).report(
            artifact.contents, sums: sums, level, name: target)
        if level == .full {
            try await proof.run(
                connections: transfer.connections, throttle: Throttle(bytesPerSecond: nil),
                progress: session.progress)
        }
        return report
    }

    private func usage(_ message: String) -> Diagnostics {
        Diagnostics(Diagnostic(code: .usage, message, verdict: .undecided))
    }
}
