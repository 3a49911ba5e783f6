package import Caches
import Formats
package import Manifests
import Storage

/// All files of a bundle, for those who send them: of a packed one, or straight from the caches by the plan.
package struct OutgoingBundle: Sendable {
    /// The bundle's lock.
    package let lock: Lock
    /// The files in the order of their paths, without those by which the kaggle command uploads.
    package let files: [OutgoingFile]

    /// The bytes of all files.
    package var size: Int { files.reduce(0) { $0 &+ $1.size } }

    private init(_ lock: Lock, _ files: [OutgoingFile]) {
        self.lock = lock
        self.files = files.sorted { $0.path < $1.path }
    }

    /// The files of a bundle's directory, whose names and sizes were compared with its lock.
    ///
    /// - Returns: `nil` with findings that are errors, where it is not what its lock states.
    /// - Throws: where the directory or its lock cannot be read at all.
    package static func packed(
        _ directory: String, progress: @escaping ProgressHandler
    ) async throws -> (bundle: OutgoingBundle?, findings: [Diagnostic]) {
        let report = try await BundleVerifier(directory: directory, level: .quick).verify(progress: progress)
        guard let lock = report.lock, !report.findings.contains(where: { $0.severity == .error }) else {
            return (nil, report.findings)
        }
        let root = try Directory.realPath(named: directory)
        let plan = try Plan(lock)
        var files = plan.stored.map { stored in
            OutgoingFile(
                path: stored.path, size: stored.size, sha256: stored.sha256,
                content: .file(stored.path.joined(to: root), ranges: nil))
        }
        func content(_ path: RelativePath) throws -> [UInt8] {
            try FileReader.contents(of: path.joined(to: root), limit: Lock.sizeLimit)
        }
        // What Knapsack made is proved by its lines in SHA256SUMS, which follow from the rest.
        let sums = try content(SumsFile.name)
        let digests = SumsFile.parse(sums)
        for path in BundlePath.proved {
            let bytes = try content(path)
            let digest = try ContentHasher.sha256(bytes.span)
            guard digests?[path] == digest else { throw Diagnostics(OutgoingBundle.damaged(path)) }
            files.append(OutgoingFile(path: path, size: bytes.count, sha256: digest, content: .bytes(bytes)))
        }
        for stored in plan.stored where digests?[stored.path] != stored.sha256 {
            throw Diagnostics(OutgoingBundle.damaged(SumsFile.name))
        }
        var rest = [(SumsFile.name, sums)]
        if try FileStatus.existing(ModelSignature.name.joined(to: root)) != nil {
            rest.append((ModelSignature.name, try content(ModelSignature.name)))
        }
        for (path, bytes) in rest {
            files.append(
                OutgoingFile(
                    path: path, size: bytes.count, sha256: try ContentHasher.sha256(bytes.span),
                    content: .bytes(bytes)))
        }
        return (OutgoingBundle(lock, files), report.findings)
    }

    /// The files of a plan, read from the caches: nothing is written. Files in segments are proved before.
    ///
    /// - Parameter directory: what `path:` sources are relative to.
    /// - Throws: everything that is not in the caches any more, at once.
    package static func planned(
        _ plan: Plan, caches: Caches, directory: String, progress: @escaping ProgressHandler
    ) async throws -> OutgoingBundle {
        let locations = try plan.locations(caches: caches, directory: directory)
        try await SegmentProof(plan.segmented).require(
            in: PlannedRanges(plan, locations: locations), progress)
        var files = plan.stored.map { stored in
            OutgoingFile(
                path: stored.path, size: stored.size, sha256: stored.sha256,
                content: .file(locations[stored.path] ?? "", ranges: stored.ranges))
        }
        for made in try GeneratedFiles(plan: plan).all where !UploadMetadata.names.contains(made.path) {
            files.append(
                OutgoingFile(
                    path: made.path, size: made.bytes.count,
                    sha256: try ContentHasher.sha256(made.bytes.span),
                    content: .bytes(made.bytes)))
        }
        return OutgoingBundle(plan.lock, files)
    }

    private static func damaged(_ path: RelativePath) -> Diagnostic {
        Diagnostic(
            code: .changed, "\(path) is not what \(SumsFile.name) states",
            notes: ["one of the two is damaged"], fix: "pack the bundle again")
    }
}

extension BundleReadme {
    /// The lines that find the loader in a notebook, as text for people.
    package static func notebookLines(_ bundle: BundleSettings) -> String {
        activation(dataset: bundle.owner.map { "\($0)/\(bundle.name)" } ?? bundle.name)
    }
}
