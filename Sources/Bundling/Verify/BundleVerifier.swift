import Storage

/// Proves a bundle's directory against its lock, with code that shares nothing with the writer but the
/// formats: every file that should be there is there with its content, and nothing else is.
public struct BundleVerifier: Sendable {
    private let root: String
    private let level: VerifyReport.Level

    /// Prepares the verification of the bundle in a directory.
    public init(directory: String, level: VerifyReport.Level) {
        root = directory
        self.level = level
    }

    /// What was found at a path of the bundle.
    private enum Found: Sendable {
        case digest(SHA256Digest, size: Int)
        case size(Int)
        case unreadable(String)
    }

    /// Looks at the whole bundle.
    ///
    /// - Throws: only where nothing can be decided: the directory or its lock cannot be read at all.
    ///   Everything that does not hold is in the report.
    public func verify(progress: @escaping ProgressHandler) async throws -> VerifyReport {
        let tree = try BundleTree(root)
        guard tree.files[Lock.bundledName] != nil else {
            throw Diagnostics(
                Diagnostic(
                    code: "not-a-bundle", "\(root) has no \(Lock.bundledName), so it is not a whole bundle",
                    fix: "name the directory that knapsack pack wrote", verdict: .undecided))
        }
        let found = try await look(at: tree, progress)
        var findings = tree.findings
        do {
            let bytes = try FileReader.contents(
                of: Path.join(root, Lock.bundledName), limit: Lock.sizeLimit)
            let expected = try ExpectedFiles(lock: Lock.parse(bytes, path: Lock.bundledName))
            findings += compare(expected, found)
            if level == .full {
                findings += try sumsFindings(expected, found)
                findings += try await segmentedFindings(expected, found, progress)
            }
        } catch let problem as Diagnostics {
            // A damaged lock is a finding: the bundle was looked at, and it does not hold.
            findings += problem.all.map { problem in
                Diagnostic(
                    code: "changed", "\(Lock.bundledName) is damaged", notes: [problem.message],
                    fix: "pack the bundle again, or copy the lock from the repository")
            }
        }
        findings.sort { $0.message.utf8.lexicographicallyPrecedes($1.message.utf8) }
        return VerifyReport(
            level: level, files: tree.files.count, bytes: tree.files.values.reduce(0) { $0 &+ $1.size },
            findings: findings)
    }

    private func look(
        at tree: BundleTree, _ progress: @escaping ProgressHandler
    ) async throws -> [String: Found] {
        let files = tree.files.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        guard level == .full else { return tree.files.mapValues { .size($0.size) } }
        progress(
            .began(stage: "verifying", files: files.count, bytes: files.reduce(0) { $0 &+ $1.value.size }))
        defer { progress(.ended) }
        let root = root
        let found = try await Parallel.map(files, largestFirst: \.value.size) {
            file, buffer -> Found in
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

    // MARK: Comparing

    /// Whether every file in segments comes out of them.
    private func segmentedFindings(
        _ expected: ExpectedFiles, _ found: [String: Found], _ progress: @escaping ProgressHandler
    ) async throws -> [Diagnostic] {
        let whole = expected.segmented.filter { file in file.segments.allSatisfy { found[$0.at] != nil } }
        guard !whole.isEmpty else { return [] }
        progress(
            .began(
                stage: "verifying segments", files: whole.count, bytes: whole.reduce(0) { $0 &+ $1.size }))
        defer { progress(.ended) }
        let root = root
        return try await Parallel.map(whole, largestFirst: \.size) { file, buffer -> Diagnostic? in
            defer { progress(.finished(file: file.name)) }
            do {
                let digest = try SegmentReader(root: root).digest(of: file.segments, &buffer) {
                    progress(.advanced(bytes: $0))
                }
                guard digest != file.sha256 else { return nil }
                return Diagnostic(
                    code: "changed", "\(file.name) does not come out of its segments",
                    notes: ["expected sha256 \(file.sha256)", "found    sha256 \(digest)"])
            } catch ReadFailure.cancelled {
                throw ReadFailure.cancelled
            } catch {
                return Diagnostic(
                    code: "unreadable", "\(file.name) could not be put together", notes: ["\(error)"],
                    verdict: .undecided)
            }
        }.compactMap(\.self)
    }

    private func compare(_ expected: ExpectedFiles, _ found: [String: Found]) -> [Diagnostic] {
        var findings: [Diagnostic] = []
        for (path, content) in expected.content {
            switch found[path] {
            case nil:
                findings.append(
                    Diagnostic(code: "missing", "\(path) is missing", fix: "pack the bundle again"))
            case .unreadable(let reason)?: findings.append(unreadable(path, reason))
            case .size(let size)?, .digest(_, let size)?:
                if size != content.size {
                    findings.append(
                        changed(path, "expected \(content.size) bytes", "found    \(size) bytes"))
                } else if case .digest(let digest, _)? = found[path], digest != content.sha256 {
                    var notes = ["expected sha256 \(content.sha256)", "found    sha256 \(digest)"]
                    if let owner = expected.path(of: digest) {
                        notes.append("that is the content of \(owner)")
                    }
                    findings.append(Diagnostic(code: "changed", "\(path) has other content", notes: notes))
                }
            }
        }
        for path in found.keys where expected.content[path] == nil {
            if BundlePath.generated.contains(path) {
                if case .unreadable(let reason)? = found[path] { findings.append(unreadable(path, reason)) }
            } else {
                findings.append(
                    Diagnostic(code: "extra", "\(path) is not in the lock", fix: "remove it from the bundle"))
            }
        }
        for path in BundlePath.generated where found[path] == nil {
            findings.append(Diagnostic(code: "missing", "\(path) is missing", fix: "pack the bundle again"))
        }
        return findings
    }

    /// The generated files are proved by their lines in `SHA256SUMS`, and its own bytes by what it must say.
    private func sumsFindings(_ expected: ExpectedFiles, _ found: [String: Found]) throws -> [Diagnostic] {
        guard case .digest(_, let size)? = found[SumsFile.name] else { return [] }
        let bytes = try FileReader.contents(of: Path.join(root, SumsFile.name), limit: size)
        guard let sums = SumsFile.parse(bytes) else {
            return [damagedSums(notes: ["it is not a list of digests and paths in their order"])]
        }
        var wrong: [String] = []
        for (path, digest) in sums {
            guard case .digest(let actual, _)? = found[path], actual != digest else { continue }
            wrong.append(path)
        }
        let wanted = Set(expected.content.keys).union(BundlePath.generated).subtracting([SumsFile.name])
        let unnamed = wanted.subtracting(sums.keys).map { "no line for \($0)" }
        let unknown = Set(sums.keys).subtracting(wanted).map { "a line for \($0)" }
        // Where the content is the one that the lock has, it is the line that is wrong.
        let lines = wrong.filter { path in
            guard case .digest(let actual, _)? = found[path] else { return false }
            return expected.content[path]?.sha256 == actual
        }.map { "no right line for \($0)" }
        let generated = wrong.filter { BundlePath.generated.contains($0) }.sorted().map { path in
            Diagnostic(
                code: "changed", "\(path) does not match its line in \(SumsFile.name)",
                notes: ["either of the two is damaged"], fix: "pack the bundle again")
        }
        let notes = (unnamed + unknown + lines).sorted()
        return generated + (notes.isEmpty ? [] : [damagedSums(notes: Array(notes.prefix(5)))])
    }

    private func damagedSums(notes: [String]) -> Diagnostic {
        Diagnostic(
            code: "changed", "\(SumsFile.name) is damaged: it does not say what the lock says", notes: notes,
            fix: "pack the bundle again")
    }

    private func changed(_ path: String, _ expected: String, _ found: String) -> Diagnostic {
        Diagnostic(code: "changed", "\(path) has another size", notes: [expected, found])
    }

    private func unreadable(_ path: String, _ reason: String) -> Diagnostic {
        Diagnostic(code: "unreadable", "\(path) could not be read", notes: [reason], verdict: .undecided)
    }
}
