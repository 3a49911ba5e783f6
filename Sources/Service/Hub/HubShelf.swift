import Caches
import Catalogue
import Formats
import Manifests
import Storage
import Synchronization

/// The repositories that are served, and the revisions that were read of them last. What the catalogue has comes before what
/// the cache has under the same name.
///
/// Those of the cache are kept for some seconds only: a cache may be filled while it is served. A commit of the catalogue stays
/// what it is.
final class HubShelf: Sendable {
    /// A branch or a tag.
    struct Ref {
        /// The name.
        let name: String
        /// The commit that it points at.
        let commit: String
        /// Whether it is a tag. The cache does not tell branches from tags.
        let isTag: Bool
    }

    /// The cache that is served.
    let cache: HubCache
    /// The repositories that people uploaded; `nil` where no catalogue is served.
    let store: RepositoryStore?
    private let models: UploadedModels?
    private let kept = Mutex(Kept())
    private let names: HubNames?
    private let commits = Mutex<[ExactName: Name]>([:])

    private struct Name {
        let commit: String
        let readAt: Int64
    }

    private struct Kept {
        var revisions: [ExactName: HubRevision] = [:]
        var files = 0
    }

    /// How long a revision is taken for what it was, in nanoseconds.
    private static let life: Int64 = 2_000_000_000
    /// How many revisions are kept, and how many files they may have in all.
    private static let room = 256
    private static let fileRoom = 500_000

    /// Nothing is read yet.
    init(_ cache: HubCache, _ catalogue: ModelCatalogue?) {
        self.cache = cache
        store = catalogue.map { RepositoryStore($0) }
        models = catalogue.map { UploadedModels($0) }
        names = catalogue.map { HubNames($0) }
    }

    // MARK: Repositories

    /// A repository that people uploaded, if the reader sees it.
    func stored(_ repository: HubRepository, _ reader: HubReader) throws(Diagnostics) -> StoredRepository? {
        guard let store else { return nil }
        do throws(RepositoryStore.Problem) {
            return try store.find(repository).flatMap { reader.sees($0) ? $0 : nil }
        } catch {
            throw HubShelf.broken
        }
    }

    /// Whether there is a repository that the reader sees.
    func has(_ repository: HubRepository, _ reader: HubReader) -> Bool {
        (try? refs(repository, reader)) != nil
    }

    /// The branches and tags of a repository.
    /// - Throws: where there is none that the reader sees.
    func refs(_ repository: HubRepository, _ reader: HubReader) throws(Diagnostics) -> [Ref] {
        if let store, let stored = try stored(repository, reader) {
            do throws(RepositoryStore.Problem) {
                return try store.refs(stored).map { Ref(name: $0.name, commit: $0.commit, isTag: $0.isTag) }
            } catch {
                throw HubShelf.broken
            }
        }
        if let refs = try models?.refs(repository, reader) { return refs }
        return try cache.revisions(of: repository).refs
            .map { Ref(name: $0.name, commit: $0.commit, isTag: false) }
    }

    /// The repositories of a kind that the reader sees, sorted by the bytes of their ids.
    /// - Parameter accepts: whether one of this id is wanted.
    func repositories(
        _ kind: HubRepository.Kind, _ reader: HubReader, _ accepts: (String) -> Bool
    ) throws(Diagnostics) -> [HubRepository] {
        let cached = cache.repositories().filter { $0.kind == kind && accepts($0.id) }.map(\.id)
            .sortedByBytes()
        let uploaded = try names?.names(kind) ?? []
        var ids: [String] = []
        ids.reserveCapacity(cached.count + uploaded.count)
        var rest = cached[...]
        for name in uploaded
        where name.isListed && (name.isPublic || reader.seesAll(of: name.owner)) && accepts(name.id) {
            while let next = rest.first, next.precedesByBytes(name.id) { ids.append(rest.removeFirst()) }
            if rest.first?.hasSameBytes(as: name.id) == true { rest.removeFirst() }
            ids.append(name.id)
        }
        return (ids + rest).map { HubRepository(kind: kind, id: $0) }
    }

    /// The revision to show where nobody names one.
    func shown(_ repository: HubRepository, _ reader: HubReader) throws(Diagnostics) -> HubRevision {
        let refs = try refs(repository, reader)
        let main = refs.first { $0.name.hasSameBytes(as: "main") } ?? refs.first
        if let main { return try revision(repository, main.commit, reader) }
        return try revision(repository, try cache.revisions(of: repository).shown ?? "main", reader)
    }

    // MARK: Revisions

    /// Whether a repository is one that people uploaded, and not one of the cache: also one that the reader does not see, or
    /// writes with other capitals, and one that its owner alone saw until it was deleted. Nobody elsewhere is told of its name.
    func isUploaded(_ repository: HubRepository) throws(Diagnostics) -> Bool {
        try names?.isTaken(repository) ?? false
    }

    /// What people uploaded under an id, in whatever capitals.
    func uploaded(_ id: String) throws(Diagnostics) -> [HubNames.Name] { try names?.named(id) ?? [] }

    /// What people uploaded under an id and deleted, of what they alone saw.
    func formerlyUploaded(_ id: String) throws(Diagnostics) -> [FormerName] { try names?.former(id) ?? [] }

    /// The revision that a name means now.
    /// - Throws: what is missing.
    func revision(
        _ repository: HubRepository, _ name: String, _ reader: HubReader
    ) throws(Diagnostics) -> HubRevision {
        if let store, let stored = try stored(repository, reader) {
            return try revision(stored, name, store)
        }
        if let models, let found = try models.revision(repository, name, reader) { return found }
        return try cached(repository, name, commit: try commit(repository, name))
    }

    /// A commit as the cache has it.
    /// - Parameter name: what it was asked for by.
    func cached(
        _ repository: HubRepository, _ name: String, commit: String
    ) throws(Diagnostics) -> HubRevision {
        let key = ExactName("\(repository.folder)@\(commit)")
        let now = steadyTime()
        if let found = kept.withLock({ $0.revisions[key] }), now - found.readAt < HubShelf.life {
            return found
        }
        let snapshot = try cache.snapshot(repository, ref: name, commit: commit)
        let revision = HubRevision(snapshot, of: repository, commit: commit)
        keep(revision, key)
        return revision
    }

    private func revision(
        _ stored: StoredRepository, _ name: String, _ store: RepositoryStore
    ) throws(Diagnostics) -> HubRevision {
        do throws(RepositoryStore.Problem) {
            guard let commit = try store.commit(stored, name) else {
                throw RepositoryStore.Problem.missing
            }
            let key = HubShelf.key(stored, commit.name)
            // Whether it is private may have changed.
            if let found = kept.withLock({ $0.revisions[key] }), found.stored?.repository == stored {
                return found
            }
            let revision = HubRevision(
                try store.files(commit), of: stored, at: commit, contents: store.contents)
            keep(revision, key)
            return revision
        } catch {
            guard error == .missing else { throw HubShelf.broken }
            throw Diagnostics(
                Diagnostic(code: .revisionNotCached, "there is no revision \(name)", verdict: .undecided))
        }
    }

    private static func key(_ stored: StoredRepository, _ commit: String) -> ExactName {
        // No folder of a cache begins so.
        ExactName("#\(stored.number)@\(commit)")
    }

    private func keep(_ revision: HubRevision, _ key: ExactName) {
        let now = steadyTime()
        kept.withLock { kept in
            if kept.revisions.count >= HubShelf.room || kept.files > HubShelf.fileRoom {
                kept.revisions = kept.revisions.filter {
                    now - $0.value.readAt < HubShelf.life && kept.files <= HubShelf.fileRoom
                }
                kept.files = kept.revisions.values.reduce(0) { $0 + $1.entries.count }
            }
            guard kept.revisions.count < HubShelf.room else { return }
            kept.files += revision.entries.count
            kept.revisions[key] = revision
        }
    }

    /// Forgets what was read of a revision, because a file of it is not what it was.
    func forget(_ revision: HubRevision) {
        let key =
            revision.stored.map { HubShelf.key($0.repository, revision.commit) }
            ?? ExactName("\(revision.repository.folder)@\(revision.commit)")
        kept.withLock { kept in
            if let gone = kept.revisions.removeValue(forKey: key) { kept.files -= gone.entries.count }
        }
    }

    private func commit(_ repository: HubRepository, _ name: String) throws(Diagnostics) -> String {
        let key = ExactName("\(repository.folder)@\(name)")
        let now = steadyTime()
        if let found = commits.withLock({ $0[key] }), now - found.readAt < HubShelf.life {
            return found.commit
        }
        let commit = try cache.resolve(repository, revision: name)
        commits.withLock { all in
            if all.count >= HubShelf.room { all = [:] }
            all[key] = Name(commit: commit, readAt: now)
        }
        return commit
    }

    /// The database of the catalogue does not answer.
    static let broken = Diagnostics(
        Diagnostic(code: .unreadable, "the catalogue cannot be read", verdict: .undecided))
}
