import Caches
import Formats
package import Manifests
import Storage

extension VerifiedInputs {
    /// The lock: the entries with a place in the bundle for every file.
    ///
    /// Own bytes of files in segments are named by their digest, which for new ones takes reading them.
    /// - Parameter previous: the lock beside the manifest, which knows the digests that have not changed.
    package func lock(previous: Lock?) async throws -> Lock {
        let bases = try bases()
        var known: [SHA256Digest: SHA256Digest] = [:]
        var unknown: [(need: OwnBytes, location: String)] = []
        for need in Lock.ownBytes(manifest.bundle, entries, bases: bases) {
            if let digest = previous?.digest(of: need) {
                known[need.file.sha256] = digest
            } else {
                unknown.append((need, try location(of: need)))
            }
        }
        let digests = try await Parallel.map(unknown, largestFirst: \.need.file.size) { item, buffer in
            try VerifiedInputs.digest(of: item.need.ranges, in: item.location, &buffer)
        }
        for (item, digest) in zip(unknown, digests) { known[item.need.file.sha256] = digest }
        let placed = Lock.placing(manifest.bundle, entries, bases: bases) { need in known[need.file.sha256] }
        guard let placed else {
            throw Diagnostics(
                Diagnostic(code: .unreadable, "own bytes of a file were not read", verdict: .undecided))
        }
        let conflicts = BaseConflict.findings(manifest, placed)
        guard conflicts.isEmpty else { throw Diagnostics(conflicts) }
        return placed
    }

    /// The bases that the manifest names, all of which have to be there.
    private func bases() throws(Diagnostics) -> [BaseBundle] {
        let problems = manifest.bases.compactMap { $0.problem?.located(at: manifest.baseLocation()) }
        guard problems.isEmpty else { throw Diagnostics(problems) }
        guard manifest.readBases.count == manifest.bundle.bases.count else {
            throw Diagnostics(
                Diagnostic(
                    code: .baseUnreadable, "the locks of the bases were not read",
                    at: manifest.baseLocation(), verdict: .undecided))
        }
        return manifest.readBases
    }

    private func location(of need: OwnBytes) throws -> String {
        if let location = locations[need.file.sha256] { return location }
        // An entry whose lock was kept: its file is looked up now.
        let sources = LockedSources(
            Lock(bundle: manifest.bundle, entries: entries), only: need.entry.name, caches: caches,
            directory: Path.parent(manifest.path))
        guard
            let location = sources.files.first(where: {
                $0.file.path == need.file.path
            })?.location
        else {
            throw Diagnostics(
                Diagnostic(
                    code: .fileMissing,
                    "\(need.entry.name): \(need.file.path) is not in the cache any more",
                    fix: need.file.proof == .conversion
                        ? "run knapsack lock {manifest} --update \(need.entry.name), which converts it again"
                        : "download it again, or run knapsack lock {manifest} --update \(need.entry.name)",
                    verdict: .undecided))
        }
        return location
    }

    private static func digest(
        of ranges: [Range<Int>], in path: String, _ buffer: inout Buffer
    ) throws -> SHA256Digest {
        let file = try FileHandle.reading(path)
        var hasher = try ContentHasher()
        for range in ranges {
            try file.read(range, into: &buffer) { bytes in try hasher.update(bytes) }
        }
        return try hasher.finish().sha256
    }
}
