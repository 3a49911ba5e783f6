import Formats
package import Manifests
import Storage

/// Reads a model that is no bundle, or that was signed over other digests than a bundle's, and holds it against
/// its signature.
package struct SignedFiles: Sendable {
    private let root: String
    private let signature: String?

    /// Prepares the reading.
    ///
    /// - Parameters:
    ///   - root: a directory or a file.
    ///   - signature: the path of the signature, which may be inside and is not signed itself.
    package init(_ root: String, signature: String?) {
        self.root = root
        self.signature = signature
    }

    /// A file, or a shard of it, that is hashed by itself.
    private struct Part: Sendable {
        let file: Int
        let location: String
        let status: FileStatus
        let range: Range<Int>
        var size: Int { range.count }
    }

    /// Hashes every signed file with all processors: whole files, or the shards that were signed.
    ///
    /// - Throws: where the model cannot be looked at at all.
    package func verify(
        _ signature: ModelSignature, progress: @escaping ProgressHandler
    ) async throws -> VerifyReport {
        guard let statement = signature.statement else {
            return VerifyReport(level: .full, files: 0, bytes: 0, findings: [])
        }
        let tree: SignedTree
        do {
            tree = try SignedTree.list(root, statement, excluding: self.signature)
        } catch {
            throw Diagnostics(
                Diagnostic(
                    code: .unreadable, "\(error)", fix: "name the model that was signed", verdict: .undecided
                ))
        }
        let signed = Dictionary(statement.files.map { ($0.path, $0) }) { first, _ in first }
        var found: [RelativePath?: SignedContent] = [:]
        var wanted: [(SignedTree.File, shards: Int)] = []
        for file in tree.files {
            let name = file.path
            if let entry = signed[name] {
                if let size = entry.size, size != file.status.size {
                    found[name] = .size(file.status.size)
                } else {
                    wanted.append((file, entry.digests.count))
                }
            } else if statement.shardSize == nil || file.status.size > 0 {
                // An empty file has no shard, so that no signature over shards covers it.
                found[name] = .present
            }
        }
        try await hash(wanted.map(\.0), statement, into: &found, progress)
        let comparison = SignatureComparison(statement: statement, found: found)
        if comparison.isMissingAny, !comparison.unsigned.isEmpty {
            // A file that got another name is told best where it is now.
            let unsigned = Set(comparison.unsigned)
            let candidates = tree.files.filter {
                // The number of shards of what was not signed has no bound of its own.
                $0.path.map(unsigned.contains) ?? false
                    && $0.status.size / (statement.shardSize ?? .max) < 4096
            }
            try await hash(candidates, statement, into: &found, progress)
        }
        let findings = SignatureComparison(statement: statement, found: found).findings()
        return VerifyReport(
            level: .full, files: wanted.count,
            bytes: wanted.reduce(0) { $0.addingReportingOverflow($1.0.status.size).partialValue },
            findings: tree.findings + findings)
    }

    private func hash(
        _ files: [SignedTree.File], _ statement: ModelStatement,
        into found: inout [RelativePath?: SignedContent],
        _ progress: @escaping ProgressHandler
    ) async throws {
        var parts: [Part] = []
        for (index, file) in files.enumerated() {
            let size = file.status.size
            let length = min(statement.shardSize ?? Int.max, max(size, 1))
            for start in stride(from: 0, to: max(size, 1), by: length) {
                let range = start..<start + min(length, size - start)
                parts.append(Part(file: index, location: file.location, status: file.status, range: range))
            }
        }
        progress(.began(stage: "verifying", files: parts.count, bytes: parts.reduce(0) { $0 &+ $1.size }))
        defer { progress(.ended) }
        let kind = statement.hash
        let results = try await Parallel.map(parts, largestFirst: \.size) { part, buffer -> SignedContent in
            defer { progress(.finished(file: part.location)) }
            do {
                return .digests([try SignedFiles.digest(part, kind, &buffer, progress)])
            } catch ReadFailure.cancelled {
                throw ReadFailure.cancelled
            } catch {
                return .unreadable("\(error)")
            }
        }
        for (part, result) in zip(parts, results) {
            let name = files[part.file].path
            switch (found[name], result) {
            case (.digests(let before)?, .digests(let next)): found[name] = .digests(before + next)
            case (.unreadable?, _): break
            default: found[name] = result
            }
        }
    }

    private static func digest(
        _ part: Part, _ kind: ModelHash, _ buffer: inout Buffer, _ progress: ProgressHandler
    ) throws -> [UInt8] {
        let file = try FileHandle.reading(part.location)
        guard try file.status() == part.status else { throw ReadFailure.changed(path: part.location) }
        var hasher = try ModelHasher(kind)
        try file.read(part.range, into: &buffer) { bytes in
            try hasher.update(bytes)
            progress(.advanced(bytes: bytes.count))
        }
        guard try file.status() == part.status else { throw ReadFailure.changed(path: part.location) }
        return try hasher.finish()
    }
}
