import Bundles
import Formats
import Manifests
import Storage

/// A bundle, an archive of one, or any other model, with the signature that it has to have.
struct SignedTarget {
    private let target: String
    private let options: SignatureOptions
    private let key: PublicKey
    private let bases: [String]

    /// Takes what is to be proved; nothing is read yet.
    /// - Parameter bases: directories or archives of bundles that it builds on.
    init(_ target: String, _ options: SignatureOptions, _ key: PublicKey, bases: [String]) {
        self.bases = bases
        self.target = target
        self.options = options
        self.key = key
    }

    /// Proves it, and that it is what the key signed.
    ///
    /// A bundle is held against its lock too, in the same pass where the signature is over the digests of
    /// whole files, as Knapsack's own are.
    func verify(progress: @escaping ProgressHandler) async throws -> VerifyReport {
        let real: String
        do {
            real = try Directory.realPath(target)
        } catch {
            throw Diagnostics(Diagnostic(code: .unreadable, "\(error)", verdict: .undecided))
        }
        let isDirectory = try FileStatus.existing(real)?.kind == .directory
        if !isDirectory, let format = ArchiveFormat(path: target) {
            return try await archive(format, progress)
        }
        let path = options.path(of: target, isDirectory: isDirectory)
        let signature = try options.read(path, key)
        guard isDirectory, try FileStatus.existing(Lock.bundledName.joined(to: real)) != nil else {
            return try await SignedFiles(target, signature: path).verify(signature, progress: progress)
                .adding(signature.findings)
        }
        let report = try await BundleVerifier(directory: target, level: .full, bases: bases)
            .verify(progress: progress)
        if let findings = signature.findings(of: report) {
            return report.adding(signature.findings + findings)
        }
        let other = try await SignedFiles(target, signature: path).verify(signature, progress: progress)
        return report.adding(signature.findings + other.findings)
    }

    /// An archive is read once from front to back. Its signature is beside it, or in it.
    private func archive(
        _ format: ArchiveFormat, _ progress: @escaping ProgressHandler
    ) async throws -> VerifyReport {
        let path = options.path(of: target, isDirectory: false)
        let isBeside = try options.signature != nil || FileStatus.existing(path) != nil
        let beside = isBeside ? try options.read(path, key) : nil
        if let beside, beside.isOfFile(named: Path.name(target)) {
            return try await SignedFiles(target, signature: path).verify(beside, progress: progress)
                .adding(beside.findings)
        }
        let report = try await ArchiveVerifier(target, format: format, level: .full, bases: bases)
            .verify(progress: progress)
        let inside = report.signature.map {
            ModelSignature($0, path: "\(ModelSignature.name) in \(target)", key: key)
        }
        guard let signature = beside ?? inside else {
            throw Diagnostics(
                Diagnostic(
                    code: .signatureUnreadable,
                    "\(target) has no \(ModelSignature.name), and there is no \(path)",
                    fix: "name the signature with --signature", verdict: .undecided))
        }
        let findings =
            signature.findings(of: report) ?? [
                Diagnostic(
                    code: .signatureUnsupported,
                    "\(target) was signed over other digests than SHA-256 of whole files",
                    fix: "unpack the archive and verify the directory", verdict: .undecided)
            ]
        return report.adding(signature.findings + findings)
    }
}
