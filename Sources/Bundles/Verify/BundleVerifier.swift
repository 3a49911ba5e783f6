import Formats
package import Manifests
import Storage

/// Proves a bundle's directory against its lock, with code that shares nothing with the writer but the
/// formats: every file that should be there is there with its content, and nothing else is.
package struct BundleVerifier: Sendable {
    private let root: String
    private let level: VerifyReport.Level

    /// Prepares the verification of the bundle in a directory.
    package init(directory: String, level: VerifyReport.Level) {
        root = directory
        self.level = level
    }

    /// Looks at the whole bundle.
    ///
    /// - Throws: only where nothing can be decided: the directory or its lock cannot be read at all.
    ///   Everything that does not hold is in the report.
    package func verify(progress: @escaping ProgressHandler) async throws -> VerifyReport {
        let tree = try BundleTree(root)
        guard tree.files[Lock.bundledName] != nil else {
            throw Diagnostics(
                Diagnostic(
                    code: .notABundle, "\(root) has no \(Lock.bundledName), so it is not a whole bundle",
                    fix: "name the directory that knapsack pack wrote", verdict: .undecided))
        }
        let found = try await look(at: tree, progress)
        var findings = tree.findings
        var bundleLock: Lock?
        do {
            let bytes = try FileReader.contents(
                of: Path.join(root, Lock.bundledName), limit: Lock.sizeLimit)
            let lock = try Lock.parse(bytes, path: Lock.bundledName)
            bundleLock = lock
            let expected = try ExpectedFiles(lock: lock)
            var sums: [UInt8]?
            if level == .full, case .digest(_, let size)? = found[SumsFile.name] {
                sums = try FileReader.contents(of: Path.join(root, SumsFile.name), limit: size)
            }
            let isMounted = Directory.isReadOnly(root)
            findings += BundleComparison(expected, found, isMounted: isMounted).findings(sums: sums)
            if level == .full {
                let whole = expected.segmented.filter { $0.segments.allSatisfy { found[$0.at] != nil } }
                findings += try await SegmentProof(whole).findings(
                    in: DirectoryContent(root), progress)
            }
        } catch let problem as Diagnostics {
            // A damaged lock is a finding: the bundle was looked at, and it does not hold.
            findings += problem.all.map { problem in
                Diagnostic(
                    code: .changed, "\(Lock.bundledName) is damaged", notes: [problem.message],
                    fix: "pack the bundle again, or copy the lock from the repository")
            }
        }
        findings.sort { $0.message.utf8.lexicographicallyPrecedes($1.message.utf8) }
        return VerifyReport(
            level: level, files: tree.files.count, bytes: tree.files.values.reduce(0) { $0 &+ $1.size },
            findings: findings, found: found, lock: bundleLock)
    }

    private func look(
        at tree: BundleTree, _ progress: @escaping ProgressHandler
    ) async throws -> [String: FoundContent] {
        let files = tree.files.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        guard level == .full else { return tree.files.mapValues { .size($0.size) } }
        progress(
            .began(stage: "verifying", files: files.count, bytes: files.reduce(0) { $0 &+ $1.value.size }))
        defer { progress(.ended) }
        let root = root
        let found = try await Parallel.map(files, largestFirst: \.value.size) {
            file, buffer -> FoundContent in
            defer { progress(.finished(file: file.key)) }
            do {
                let read = try FileReader.read(
                    Path.join(root, file.key), gitBlob: false, buffer: &buffer
                ) { progress(.advanced(bytes: $0.count)) }
                return .digest(read.digests.sha256, size: read.status.size)
            } catch ReadFailure.cancelled {
                throw ReadFailure.cancelled
            } catch {
                return .unreadable("\(error)")
            }
        }
        return Dictionary(uniqueKeysWithValues: zip(files.map(\.key), found))
    }
}
