import Caches
import Catalogue
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
    /// What the catalogue states of it; `nil` for one of the cache, or a version of the registry.
    let stored: Stored?
    /// When it was made, as the Hub writes it.
    let date: String
    /// Whether the list of all its files is known.
    let isListed: Bool
    private let files: [CachedFile]
    private let revision: ModelRevision
    private let places: [RelativePath: Int]
    private let facts = Mutex<ModelFacts?>(nil)

    /// A commit of a repository that people uploaded.
    struct Stored {
        /// The repository.
        let repository: StoredRepository
        /// The commit.
        let commit: RepositoryCommit
    }

    /// Takes a snapshot as it is in the cache.
    convenience init(_ snapshot: Snapshot, of repository: HubRepository, commit: String) {
        var entries = snapshot.files.map { HubEntry($0) }
        let present = Set(entries.map(\.path))
        for (path, listed) in snapshot.listed ?? [:] where !present.contains(path) {
            entries.append(HubEntry(path, listed))
        }
        self.init(
            entries, snapshot.files, snapshot.revision, of: repository, commit: commit, nil,
            HubMirror.unknownDate, isListed: snapshot.listed != nil)
    }

    /// Takes a commit of the catalogue.
    convenience init(
        _ files: [RepositoryFile], of repository: StoredRepository, at commit: RepositoryCommit,
        contents: ContentStore
    ) {
        let found = files.map { file in
            HubEntry(
                file.path, file.size, file.isLarge ? .large(file.sha256) : .git(file.git), file.sha256,
                contents)
        }
        self.init(
            found, of: repository.repository, commit: commit.name,
            Stored(repository: repository, commit: commit), HTTPDate.isoText(commit.time))
    }

    /// Takes a version of the registry, whose files are named by their SHA-256.
    convenience init(
        _ version: ModelVersion, of repository: HubRepository, commit: String, contents: ContentStore
    ) {
        let found = version.files.map { file in
            HubEntry(
                file.path, file.content.size, .large(file.content.sha256), file.content.sha256, contents)
        }
        self.init(
            found, of: repository, commit: commit, nil,
            version.document["created_at"]?.string ?? HubMirror.unknownDate)
    }

    private convenience init(
        _ entries: [HubEntry], of repository: HubRepository, commit: String, _ stored: Stored?, _ date: String
    ) {
        let files = entries.compactMap(\.file)
        self.init(
            entries, files,
            ModelRevision(
                files: files.map {
                    ModelFile(path: $0.path, location: $0.location, size: $0.status.size)
                }, listed: entries.map(\.path)),
            of: repository, commit: commit, stored, date)
    }

    private init(
        _ unsorted: [HubEntry], _ files: [CachedFile], _ revision: ModelRevision,
        of repository: HubRepository, commit: String, _ stored: Stored?, _ date: String, isListed: Bool = true
    ) {
        self.isListed = isListed
        self.repository = repository
        self.commit = commit
        self.files = files
        self.revision = revision
        self.stored = stored
        self.date = date
        readAt = steadyTime()
        let entries = unsorted.sorted { $0.path < $1.path }
        self.entries = entries
        places = Dictionary(
            entries.enumerated().map { ($1.path, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The entry of a path; `nil` where the revision has none.
    subscript(_ path: RelativePath) -> HubEntry? { places[path].map { entries[$0] } }

    /// Whether all that was read of the revision's files still holds for one of them.
    func holds(_ file: CachedFile) -> Bool { (try? FileStatus.status(of: file.location)) == file.status }

    /// What the files state of the model; read at the first call.
    func modelFacts() -> ModelFacts {
        facts.withLock { known in
            if let known { return known }
            let read = ModelFacts.read(files, of: revision)
            known = read
            return read
        }
    }
}
