import ArgumentParser
import Bundles
import Formats
import Manifests
import Storage

/// `knapsack sign`
struct SignCommand: KnapsackCommand {
    /// The command's name and its help.
    static let configuration = CommandConfiguration(
        commandName: "sign",
        abstract: "Sign a bundle with a key, so that others can prove who made it.",
        usage: "knapsack sign <bundle-or-lock> --key <pem> [<options>]",
        discussion: """
            Proves every byte of the bundle first, and signs nothing that differs from its lock. The signature is an \
            OpenSSF Model Signing signature, which the model_signing command verifies too. A bundle that builds on \
            others is signed alone; with --base what it has in them is proved first, too. Keys are elliptic \
            curve keys in PEM (P-256, P-384, P-521); KNAPSACK_KEY_PASSWORD opens an encrypted one.

            Examples:
              # writes aimo3-models/model.sig
              knapsack sign aimo3-models --key key.pem
              # signs what its lock states, reads no model
              knapsack sign aimo3-models --key key.pem --from-lock
              knapsack sign aimo3-models.tar --key key.pem   # writes aimo3-models.tar.sig
              # a bundle that builds on another, which is read too
              knapsack sign aimo3-lora --key key.pem --base aimo3-models
              # signs the bundle that pack writes from it
              knapsack sign models.lock --key key.pem
              # any other file is signed alone, as one model
              knapsack sign SHA256SUMS --key key.pem
            """)

    /// What is signed.
    @Argument(
        help: ArgumentHelp(
            "A bundle's directory or archive, a lock, or another file.", valueName: "bundle-or-lock"),
        completion: .file())
    var target: String

    /// The file of the private key, in PEM.
    @Option(help: ArgumentHelp("The private key.", valueName: "pem"), completion: .file())
    var key: String

    /// The file to write; `nil` is the name that `verify` looks for.
    @Option(
        help: ArgumentHelp(
            "The file to write; by default model.sig in a directory, else the signed file's name with .sig.",
            valueName: "file"),
        completion: .file())
    var signature: String?

    /// Whether the digests are the lock's, and no content is read.
    @Flag(
        help:
            "Sign what the bundle's lock states without reading the files: only names and sizes are compared."
    )
    var fromLock = false

    /// The bundles that it builds on, which are read and not signed.
    @OptionGroup var bases: BaseOptions
    /// How the result is printed.
    @OptionGroup var output: OutputOptions

    /// Writes the signature, all of it or nothing. Nothing is signed where the bundle differs from its lock.
    func execute(_ session: Session) async throws {
        let privateKey = try KeyFiles.privateKey(key, session.context.environment)
        let path = try destination()
        let (signer, basis) = try await signer(session)
        let text = try signer.signature(privateKey)
        try AtomicFile.write(Array(text.utf8), to: path)
        let fingerprint = try privateKey.publicKey().fingerprint()
        session.add("target", .string(target))
        session.add("signature", .string(path))
        session.add("basis", .string(basis.rawValue))
        session.add("files", .integer(signer.files))
        session.add("curve", .string(privateKey.curve.rawValue))
        session.add("key", .string(fingerprint))
        session.say("wrote \(path): \(Counted.text(signer.files, "file")), \(basis.sentence)")
        session.say("key: \(privateKey.curve.rawValue), \(fingerprint)")
    }

    /// What the signed digests come from.
    private enum Basis: String {
        case content
        case lock

        var sentence: String {
            switch self {
            case .content: "every byte read and right"
            case .lock: "signed as the lock states, no model was read"
            }
        }
    }

    private func signer(_ session: Session) async throws -> (BundleSigner, Basis) {
        if isLock {
            guard bases.base.isEmpty else {
                throw usage("--base is for a bundle: of a lock nothing is read but the lock")
            }
            return (try BundleSigner(lock: try Lock.read(target)), .lock)
        }
        if let format = ArchiveFormat(path: target), !FileStatus.isDirectory(target) {
            guard !fromLock else {
                throw usage("--from-lock needs a directory or a lock: an archive is read to its end anyway")
            }
            let report = try await ArchiveVerifier(target, format: format, level: .full, bases: named)
                .verify(progress: session.progress)
            return (try BundleSigner(verified: report, of: target), .content)
        }
        let file = try? Directory.realPath(target)
        if !fromLock, let file, try FileStatus.existing(file)?.kind == .file {
            return (try BundleSigner(file: file), .content)
        }
        let report = try await BundleVerifier(
            directory: target, level: fromLock ? .quick : .full, bases: named
        )
        .verify(progress: session.progress)
        return fromLock
            ? (try BundleSigner(lockOf: target, report), .lock)
            : (try BundleSigner(verified: report, of: target), .content)
    }

    /// The bases that are looked into; without any the bundle's own files are proved alone, which are those that are signed.
    private var named: [String]? { bases.base.isEmpty ? nil : bases.base }

    private var isLock: Bool { target.hasSuffix(".lock") }

    /// Where the signature goes. What is there already is only replaced where it is a signature.
    private func destination() throws -> String {
        let path: String
        if let signature {
            path = signature
        } else if isLock {
            path = target.dropLast(5) + ".sig"
        } else if try isDirectory(target) {
            path = ModelSignature.name.joined(to: target)
        } else {
            path = target + ".sig"
        }
        try refuseInside(path)
        guard let status = try FileStatus.existing(path) else { return path }
        guard status.kind == .file,
            let bytes = try? FileReader.contents(of: path, limit: ModelSignature.sizeLimit),
            ModelSignature.isSignature(bytes)
        else {
            throw Diagnostics(
                Diagnostic(
                    code: .outputExists, "\(path) exists and is not a signature, so it is not replaced",
                    fix: "remove it, or choose another --signature", verdict: .undecided))
        }
        return path
    }

    /// In a bundle a signature has one name, under which every verification finds it, and none takes it for
    /// a file too many.
    private func refuseInside(_ path: String) throws {
        guard try isDirectory(target), let root = try? Directory.realPath(target),
            let parent = try? Directory.realPath(Path.parent(path)), Path.isInside(parent, root),
            !parent.hasSameBytes(as: root) || !Path.name(path).hasSameBytes(as: ModelSignature.name.text)
        else { return }
        throw usage(
            "inside of the bundle the signature can only be \(ModelSignature.name.joined(to: target))")
    }

    private func isDirectory(_ path: String) throws -> Bool {
        guard let real = try? Directory.realPath(path) else { return false }
        return try FileStatus.existing(real)?.kind == .directory
    }

    private func usage(_ message: String) -> Diagnostics {
        Diagnostics(Diagnostic(code: .usage, message, verdict: .undecided))
    }
}
