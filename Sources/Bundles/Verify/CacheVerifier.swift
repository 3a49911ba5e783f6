package import Caches
import Formats
package import Manifests
import Storage
import Xet

/// Proves the files that a lock names, where they are in the caches: every byte, with nothing remembered.
package struct CacheVerifier: Sendable {
    private let sources: LockedSources
    private let level: VerifyReport.Level

    /// Looks the lock's revisions up.
    ///
    /// - Parameter directory: what `path:` sources are relative to: where the lock is stored.
    package init(_ lock: Lock, caches: Caches, directory: String, level: VerifyReport.Level) {
        sources = LockedSources(lock, caches: caches, directory: directory)
        self.level = level
    }

    /// Looks at every file.
    package func verify(progress: @escaping ProgressHandler) async throws -> VerifyReport {
        let level = level
        progress(
            .began(
                stage: "verifying", files: sources.files.count,
                bytes: sources.files.reduce(0) { $0 &+ $1.file.size }))
        defer { progress(.ended) }
        let results = try await Parallel.map(
            sources.files, largestFirst: \.file.size
        ) { source, buffer -> Diagnostic? in
            defer { progress(.finished(file: source.file.path.text)) }
            return try CacheVerifier.finding(source, level, &buffer, progress)
        }
        return VerifyReport(
            level: level, files: sources.files.count,
            bytes: sources.files.reduce(0) { $0 &+ $1.file.size },
            findings: sources.findings + results.compactMap(\.self))
    }

    private static func finding(
        _ source: LockedSources.File, _ level: VerifyReport.Level, _ buffer: inout Buffer,
        _ progress: ProgressHandler
    ) throws -> Diagnostic? {
        let name = "\(source.entry.name): \(source.file.path)"
        guard let location = source.location else {
            guard source.file.proof != .conversion else {
                return Diagnostic(
                    code: .conversionAbsent, "\(name) was not converted on this machine, or was pruned",
                    fix: "run knapsack pack {manifest}, which converts it and compares it with the lock",
                    verdict: .undecided)
            }
            return Diagnostic(code: .missing, "\(name) is missing", fix: again(source.entry))
        }
        let size: Int
        var digest: SHA256Digest?
        var xet: XetHash?
        do {
            let status = try FileStatus.status(of: location)
            // Another size is enough to tell, however long it is.
            if level == .full, status.size == source.file.size {
                var xetHasher = source.xetEvidence == nil ? nil : XetFileHasher()
                let read = try FileReader.read(location, gitBlob: false, buffer: &buffer) {
                    xetHasher?.update($0)
                    progress(.advanced(bytes: $0.count))
                }
                xet = xetHasher?.finish()
                size = read.status.size
                digest = read.digests.sha256
            } else {
                size = status.size
            }
        } catch ReadFailure.cancelled {
            throw ReadFailure.cancelled
        } catch {
            return Diagnostic(
                code: .unreadable, "\(name) could not be read", notes: ["\(error)"], verdict: .undecided)
        }
        if size != source.file.size {
            return Diagnostic(
                code: .changed, "\(name) has another size",
                notes: ["expected \(source.file.size) bytes", "found    \(size) bytes", "at \(location)"],
                fix: again(source.entry))
        }
        guard let digest else { return nil }
        if digest == source.file.sha256 {
            guard let evidence = source.xetEvidence, case .xet(let expected, _) = evidence, expected != xet
            else {
                return nil
            }
            return Diagnostic(
                code: .hashMismatch,
                "\(name) has the content that was locked, which is not what its cache states",
                notes: [
                    "expected \(evidence.words)", "found    xet hash \(xet?.text ?? "")", "at \(location)",
                ],
                fix: "download it again, and run knapsack lock {manifest}")
        }
        return Diagnostic(
            code: .changed, "\(name) has other content",
            notes: [
                "expected sha256 \(source.file.sha256)", "found    sha256 \(digest)", "at \(location)",
            ],
            fix: again(source.entry))
    }

    /// How the content that was locked comes back. What is in a person's own directory was never downloaded.
    private static func again(_ entry: LockedEntry) -> String {
        if case .path = entry.origin {
            return "put back what was locked, or run knapsack lock {manifest} to lock what is there"
        }
        return "download it again"
    }
}
