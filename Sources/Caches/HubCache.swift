package import Manifests
import Storage

/// The Hugging Face hub cache, as huggingface_hub lays it out. It is read and never written.
package struct HubCache: Sendable {
    /// The cache's directory as it was named; it may be a link. An empty text is the current directory.
    package let root: String

    /// Names a cache; nothing is looked at yet.
    package init(root: String) { self.root = root }

    /// The directory that huggingface_hub would use in this environment.
    package static func defaultRoot(environment: [String: String]) -> String { CacheRoots.hub(environment) }

    /// The file in which huggingface_hub would look for the user's token in this environment.
    package static func tokenPath(environment: [String: String]) -> String {
        CacheRoots.hubToken(environment)
    }

    /// The repositories that have a folder in the cache, sorted by the folders' names; none if there is
    /// no cache.
    package func repositories() -> [HubRepository] {
        guard let names = try? Directory.names(in: root.isEmpty ? "." : root) else { return [] }
        return names.compactMap { HubRepository(folder: $0) }
    }

    /// The commit that a branch, a tag, a commit or an unambiguous beginning of one means now.
    ///
    /// - Throws: what is missing or wrong, with what is there instead.
    package func resolve(_ repository: HubRepository, revision: String) throws(Diagnostics) -> String {
        var folder = try HubFolder(repository, in: self, for: revision)
        return try folder.resolve(revision).commit
    }

    /// The snapshot of a commit, whatever branches point at now.
    ///
    /// - Parameters:
    ///   - ref: what was asked when the commit was pinned; only recorded.
    ///   - commit: 40 hexadecimal digits.
    /// - Throws: if there is no such snapshot. Problems of single files are in the snapshot.
    package func snapshot(
        _ repository: HubRepository, ref: String, commit: String
    ) throws(Diagnostics) -> Snapshot {
        var folder = try HubFolder(repository, in: self, for: commit)
        return try folder.snapshot(ref: ref, commit: commit)
    }

    /// The snapshot that a revision means now, with what is wrong with the revision among its problems.
    package func snapshot(
        _ repository: HubRepository, revision: String
    ) throws(Diagnostics) -> Snapshot {
        var folder = try HubFolder(repository, in: self, for: revision)
        return try folder.snapshot(revision: revision)
    }
}
