import Caches
import Formats
import Manifests
import ModelFacts
import Storage
import Synchronization

/// One revision of a repository, read once and kept for many requests.
final class HubRevision: Sendable {
    /// Whose revision it is.
    let repository: HubRepository
    /// The commit, 40 hexadecimal digits.
    let commit: String
    /// What the revision has by its listing and what the cache has of it, sorted by the bytes of their paths.
    let entries: [HubEntry]
    /// When it was read, in steady nanoseconds.
    let readAt: Int64
    private let snapshot: Snapshot
    private let places: [RelativePath: Int]
    private let facts = Mutex<ModelFacts?>(nil)

    /// Takes a snapshot as it is in the cache.
    init(_ snapshot: Snapshot, of repository: HubRepository, commit: String) {
        self.repository = repository
        self.commit = commit
        self.snapshot = snapshot
        readAt = steadyTime()
        var entries = snapshot.files.map { HubEntry($0) }
        let present = Set(entries.map(\.path))
        for (path, listed) in snapshot.listed ?? [:] where !present.contains(path) {
            entries.append(HubEntry(path, listed))
        }
        entries.sort { $0.path < $1.path }
        self.entries = entries
        places = Dictionary(
            entries.enumerated().map { ($1.path, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Whether the cache has the list of all files of the revision.
    var isListed: Bool { snapshot.listed != nil }

    /// The entry of a path; `nil` where the revision has none.
    subscript(_ path: RelativePath) -> HubEntry? { places[path].map { entries[$0] } }

    /// Whether all that was read of the revision's files still holds for one of them.
    func holds(_ file: CachedFile) -> Bool { (try? FileStatus.status(of: file.location)) == file.status }

    /// What the files state of the model; read at the first call.
    func modelFacts() -> ModelFacts {
        facts.withLock { known in
            if let known { return known }
            let read = ModelFacts.read(snapshot.files, of: snapshot.revision)
            known = read
            return read
        }
    }
}

/// The revisions that were read last, each kept for some seconds: a cache may be filled while it is served.
final class HubShelf: Sendable {
    /// The cache that is served.
    let cache: HubCache
    private let kept = Mutex<[ExactName: HubRevision]>([:])
    private let names = Mutex<[ExactName: Name]>([:])

    private struct Name {
        let commit: String
        let readAt: Int64
    }

    /// How long a revision is taken for what it was, in nanoseconds.
    private static let life: Int64 = 2_000_000_000
    /// How many revisions are kept.
    private static let room = 256

    /// Nothing is read yet.
    init(_ cache: HubCache) { self.cache = cache }

    /// The revision that a name means now.
    /// - Parameter known: the commit that it is, where somebody else states it.
    /// - Throws: what is missing.
    func revision(
        _ repository: HubRepository, _ name: String, commit known: String? = nil
    ) throws(Diagnostics) -> HubRevision {
        let commit = if let known { known } else { try commit(repository, name) }
        let key = ExactName("\(repository.folder)@\(commit)")
        let now = steadyTime()
        if let found = kept.withLock({ $0[key] }), now - found.readAt < HubShelf.life { return found }
        let snapshot = try cache.snapshot(repository, ref: name, commit: commit)
        let revision = HubRevision(snapshot, of: repository, commit: commit)
        kept.withLock { all in
            if all.count >= HubShelf.room { all = all.filter { now - $0.value.readAt < HubShelf.life } }
            if all.count < HubShelf.room { all[key] = revision }
        }
        return revision
    }

    /// Forgets what was read of a revision, because a file of it is not what it was.
    func forget(_ revision: HubRevision) {
        kept.withLock {
            _ = $0.removeValue(forKey: ExactName("\(revision.repository.folder)@\(revision.commit)"))
        }
    }

    private func commit(_ repository: HubRepository, _ name: String) throws(Diagnostics) -> String {
        let key = ExactName("\(repository.folder)@\(name)")
        let now = steadyTime()
        if let found = names.withLock({ $0[key] }), now - found.readAt < HubShelf.life { return found.commit }
        let commit = try cache.resolve(repository, revision: name)
        names.withLock { all in
            if all.count >= HubShelf.room { all = [:] }
            all[key] = Name(commit: commit, readAt: now)
        }
        return commit
    }
}
