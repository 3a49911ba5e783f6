import Formats
package import Manifests
import Storage

/// Proves a bundle's directory against its lock, with code that shares nothing with the writer but the
/// formats: every file that should be there is there with its content, and nothing else is.
package struct BundleVerifier: Sendable {
    private let root: String
    private let level: VerifyReport.Level
    private let bases: [String]?

    /// Prepares the verification of the bundle in a directory.
    /// - Parameter bases: directories or archives of bundles that it builds on; `nil` for those who care for the bundle's own
    ///   files alone.
    package init(directory: String, level: VerifyReport.Level, bases: [String]? = nil) {
        root = directory
        self.level = level
        self.bases = bases
    }

    /// Looks at the whole bundle.
    ///
    /// - Throws: only where nothing can be decided: the directory or its lock cannot be read at all.
    ///   Everything that does not hold is in the report.
    package func verify(progress: @escaping ProgressHandler) async throws -> VerifyReport {
        let tree = try BundleTree.list(root)
        guard tree.files[Lock.bundledName] != nil else {
            throw Diagnostics(
                Diagnostic(
                    code: .notABundle, "\(root) has no \(Lock.bundledName), so it is not a whole bundle",
                    fix: "name the directory that knapsack pack wrote", verdict: .undecided))
        }
        let bytes = tree.files.values.reduce(0) { $0 &+ $1.size }
        let lock: Lock
        let expected: ExpectedFiles
        do {
            (lock, expected) = try readLock()
        } catch let problem as Diagnostics {
            return VerifyReport(
                damagedLock: problem, level: level, files: tree.files.count, bytes: bytes,
                others: tree.findings)
        }
        let found = try await look(at: tree, expected, progress)
        var findings = tree.findings
        var sums: [UInt8]?
        if level == .full, case .digest(_, let size)? = found[SumsFile.name] {
            sums = try FileReader.contents(of: SumsFile.name.joined(to: root), limit: size)
        }
        findings += BundleComparison(expected, found).findings(sums: sums)
        if level == .full {
            let whole = expected.segmented.filter { $0.segments.allSatisfy { found[$0.at] != nil } }
            findings += try await SegmentProof(whole).findings(in: DirectoryContent(root), progress)
        }
        let content = try DirectoryContent(root)
        let through = try await ThroughBases(expected.throughBases, lock, bases, level).look(
            root, from: content, progress
        ) { found[$0] != nil }
        findings += through.findings
        findings.sort { $0.message.precedesByBytes($1.message) }
        var report = VerifyReport(
            level: level, files: tree.files.count, bytes: bytes, findings: findings, found: found, lock: lock)
        report.throughBases = through.looked
        return report
    }

    /// Reads the lock, and works out what it states the bundle has.
    private func readLock() throws -> (lock: Lock, expected: ExpectedFiles) {
        let bytes = try FileReader.contents(of: Lock.bundledName.joined(to: root), limit: Lock.sizeLimit)
        let lock = try Lock.parse(bytes, path: Lock.bundledName.text)
        return (lock, try ExpectedFiles(lock: lock))
    }

    /// Hashes the files that the lock has with their sizes, and those that Knapsack makes. Of others the size is enough to
    /// tell that they are wrong: a file that is nothing but a hole can be longer than any disk.
    private func look(
        at tree: BundleTree, _ expected: ExpectedFiles, _ progress: @escaping ProgressHandler
    ) async throws -> [RelativePath: FoundContent] {
        var found = tree.files.mapValues { FoundContent.size($0.size) }
        guard level == .full else { return found }
        let files = tree.files.filter { expected.admits($0.key, size: $0.value.size) }
            .sorted { $0.key < $1.key }
        progress(
            .began(stage: "verifying", files: files.count, bytes: files.reduce(0) { $0 &+ $1.value.size }))
        defer { progress(.ended) }
        let root = root
        let hashed = try await Parallel.map(files, largestFirst: \.value.size) {
            file, buffer -> FoundContent in
            defer { progress(.finished(file: file.key.text)) }
            do {
                let read = try FileReader.read(
                    file.key.joined(to: root), gitBlob: false, buffer: &buffer
                ) { progress(.advanced(bytes: $0.count)) }
                return .digest(read.digests.sha256, size: read.status.size)
            } catch ReadFailure.cancelled {
                throw ReadFailure.cancelled
            } catch {
                return .unreadable("\(error)")
            }
        }
        for (file, content) in zip(files, hashed) { found[file.key] = content }
        return found
    }
}
