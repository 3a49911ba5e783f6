import Formats
import Manifests
import Storage

extension FetchPlan {
    /// Refuses a cache in which a link leads out of it on the way to what is written: nobody would find the files there who
    /// follows no such link, and others may have to do with what is there.
    func requireInsideCache() throws {
        // A cache that is not there yet has no links.
        guard let root = try? Directory.realPath(cache) else { return }
        var seen: Set<ExactName> = []
        let parents = files.lazy.map { Path.parent($0.path.joined(to: directory)) }
        for directory in [directory] + destination.otherDirectories + parents
        where seen.insert(ExactName(directory)).inserted {
            try require(directory, inside: root)
        }
    }

    private func require(_ directory: String, inside root: String) throws {
        // The cache itself may be named by a link.
        guard directory.hasUTF8Prefix(cache + "/") else { return }
        var existing = directory
        while try FileStatus.existing(existing) == nil {
            existing = Path.parent(existing)
            guard existing.utf8.count > cache.utf8.count else { return }
        }
        let place = try? Directory.realPath(existing)
        if let place, place.hasSameBytes(as: root) || place.hasUTF8Prefix(root + "/") { return }
        throw Diagnostics(
            Diagnostic(
                code: .linkEscapes,
                "\(wish.subject): \(quoted(existing)) leads "
                    + (place.map { "out of the cache, to \(quoted($0))" } ?? "nowhere"),
                fix:
                    "have the files themselves in the cache, or name the cache that they are in with --hf-cache, --kagglehub-cache or KNAPSACK_CACHE_DIR",
                verdict: .undecided))
    }
}
