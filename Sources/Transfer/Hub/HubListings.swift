import Formats
package import Manifests
package import Storage
import Synchronization

/// The lists of files that were read last: those of commits never change, and many files of one commit are asked for one by
/// one.
package final class HubListings: Sendable {
    private let kept = Mutex<[HubListing]>([])

    /// How many lists are kept, and the most files of one that is.
    private static let room = 8
    private static let files = 20_000

    /// Nothing is known yet.
    package init() {}

    /// The files of a commit.
    /// - Throws: ``HubRefusal`` and ``NetworkError``.
    func listing(_ repository: HubRepository, commit: String, _ client: HubClient) throws -> HubListing {
        let known = kept.withLock { kept in
            kept.first { $0.repository == repository && $0.commit.hasSameBytes(as: commit) }
        }
        if let known { return known }
        let listing = try client.listing(repository, commit: commit)
        guard listing.files.count <= HubListings.files else { return listing }
        kept.withLock { kept in
            kept.insert(listing, at: 0)
            if kept.count > HubListings.room { kept.removeLast() }
        }
        return listing
    }
}

extension HubService {
    /// Has the list of a revision's files in the cache, and a place for them; no content is loaded, and no branch is pointed
    /// elsewhere.
    ///
    /// - Returns: the commit that the revision is now.
    /// - Throws: ``ServiceRefusal`` and ``NetworkError``.
    package func list(_ repository: HubRepository, revision: String) throws -> String {
        let commit = try client.commit(repository, revision: revision)
        let listing = try listings.listing(repository, commit: commit, client)
        let folder = HubCacheWriter(repository, cache: cache)
        try folder.prepare()
        try folder.write(listing)
        try Directory.make(Path.join(folder.path, "snapshots/\(commit)"))
        return commit
    }

    /// Points branches or tags at a commit of which something was loaded, as huggingface_hub does.
    package func point(_ refs: [String], of repository: HubRepository, at commit: String) throws(FileError) {
        let folder = HubCacheWriter(repository, cache: cache)
        for ref in refs { try folder.write(ref: ref, commit: commit) }
    }
}
