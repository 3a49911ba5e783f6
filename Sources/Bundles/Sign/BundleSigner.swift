import Formats
package import Manifests
package import Storage

/// Makes signatures of bundles: of what was read and proved, or of what a lock states.
package struct BundleSigner: Sendable {
    /// What is signed.
    let statement: ModelStatement

    /// The number of signed files.
    package var files: Int { statement.files.count }

    /// The statement's text, which follows from the files alone.
    package func text() throws(HashingFailure) -> String { try statement.text() }

    /// What nothing that Knapsack signs covers: Kaggle takes the metadata out of a dataset, and the lock states
    /// what it has to be; and the signature itself.
    private static let ignored = ModelStatement.gitPaths + UploadMetadata.names + [ModelSignature.name]

    private init(_ digests: [RelativePath: SHA256Digest], name: String) {
        let files = digests.filter { !BundleSigner.ignored.contains($0.key) }.map { path, digest in
            ModelStatement.File(path: path, digests: [digest.bytes], size: nil)
        }
        statement = ModelStatement(name: name, files: files, ignoredPaths: BundleSigner.ignored)
    }

    /// Signs what a verification hashed.
    ///
    /// - Throws: where it found anything to say against the bundle: that is not signed.
    package init(verified report: VerifyReport, of target: String) throws(Diagnostics) {
        try BundleSigner.refuse(report, target)
        guard let lock = report.lock, report.level == .full else {
            throw Diagnostics(BundleSigner.unreadable(target))
        }
        var digests: [RelativePath: SHA256Digest] = [:]
        for (path, content) in report.found {
            guard case .digest(let digest, _) = content else {
                throw Diagnostics(BundleSigner.unreadable(path.text))
            }
            digests[path] = digest
        }
        self.init(digests, name: lock.bundle.name)
    }

    /// Signs what the lock of a bundle states of the files of which only names and sizes were looked at, and what
    /// the files that Knapsack itself made hold now.
    ///
    /// - Parameter report: of ``VerifyReport/Level/quick`` at least.
    package init(lockOf directory: String, _ report: VerifyReport) throws {
        try BundleSigner.refuse(report, directory)
        guard let lock = report.lock else {
            throw Diagnostics(BundleSigner.unreadable(directory))
        }
        var digests = try ExpectedFiles(lock: lock).content.mapValues(\.sha256)
        for name in BundlePath.generated(lock.bundle) where report.found[name] != nil {
            let bytes = try FileReader.contents(of: name.joined(to: directory), limit: Lock.sizeLimit)
            digests[name] = try ContentHasher.sha256(bytes.span)
        }
        self.init(digests, name: lock.bundle.name)
    }

    /// Signs the bundle that this Knapsack's `pack` writes of a lock, without any of its files.
    package init(lock: Lock) throws {
        let plan = try Plan(lock)
        var digests: [RelativePath: SHA256Digest] = [:]
        for file in plan.stored { digests[file.path] = file.sha256 }
        for file in try GeneratedFiles(plan: plan).all {
            digests[file.path] = try ContentHasher.sha256(file.bytes.span)
        }
        self.init(digests, name: lock.bundle.name)
    }

    /// The largest file that is signed alone, in bytes.
    private static let fileLimit = 1 << 26

    /// Signs one file that is no bundle, such as the list of checksums of a release.
    package init(file path: String) throws {
        let bytes = try FileReader.contents(of: path, limit: BundleSigner.fileLimit)
        let digest = try ContentHasher.sha256(bytes.span)
        statement = ModelStatement(
            name: Path.name(path),
            files: [ModelStatement.File(path: nil, digests: [digest.bytes], size: nil)],
            ignoredPaths: [])
    }

    /// The content of the signature's file: another one every time, over a statement that stays the same.
    package func signature(_ key: PrivateKey) throws -> String {
        let payload = Array(try statement.text().utf8)
        let fingerprint = try key.publicKey().fingerprint()
        let signature = try key.sign(SignatureFile.signedBytes(of: payload))
        return SignatureFile(statement: payload, signature: signature, fingerprint: fingerprint).text
    }

    private static func refuse(_ report: VerifyReport, _ target: String) throws(Diagnostics) {
        // A warning is about something that nobody proved, and that a signature would speak for.
        let findings = report.findings.filter { $0.severity != .note }
        guard !findings.isEmpty else { return }
        let undecided = findings.allSatisfy { $0.verdict == .undecided }
        throw Diagnostics(
            findings + [
                Diagnostic(
                    code: .notSigned, "\(target) is not signed: it is not what its lock states",
                    fix: "pack the bundle again", verdict: undecided ? .undecided : .finding)
            ])
    }

    private static func unreadable(_ path: String) -> Diagnostic {
        Diagnostic(code: .notSigned, "\(path) was not read, so it is not signed", verdict: .undecided)
    }
}
