import Formats
import Manifests
import Storage

/// The folder of one repository in a hub cache.
struct HubFolder {
    /// Whose folder it is.
    let repository: HubRepository
    /// The cache's directory, absolute, without links.
    let root: String
    /// The folder, absolute, without links.
    let path: String
    /// The cache, out of which no link is followed; it remembers what was looked at.
    var enclosure: CacheSandbox
    /// The commits that have a snapshot, sorted.
    let commits: [String]
    /// Whether the cache's own `blobs` directory is a store that huggingface_hub made.
    let hasSharedStore: Bool

    /// Opens the folder.
    /// - Parameter revision: what is asked for, which the command in a message names.
    init(
        _ repository: HubRepository, in cache: HubCache, for revision: String = "main"
    ) throws(Diagnostics) {
        let enclosure: CacheSandbox
        do throws(FileError) {
            enclosure = try CacheSandbox(cache.root)
        } catch {
            throw Diagnostics(HubFolder.noCache(repository, cache, error, revision))
        }
        try self.init(repository, in: cache, for: revision, enclosure: enclosure)
    }

    /// Opens a folder in a cache that is open already.
    init(
        _ repository: HubRepository, in cache: HubCache, for revision: String = "main",
        enclosure opened: CacheSandbox
    ) throws(Diagnostics) {
        var enclosure = opened
        root = enclosure.root
        let place: CacheSandbox.Place
        do throws(CacheSandbox.Refusal) {
            place = try enclosure.place(repository.folder)
        } catch {
            throw Diagnostics(HubFolder.unopened(repository, cache, error, revision))
        }
        guard place.status.kind == .directory else {
            throw Diagnostics(
                Diagnostic(
                    code: .notCached, "\(repository.id): \(FileWalk.shown(place.path)) is not a directory",
                    fix: "remove it, then \(repository.download(revision))", verdict: .undecided))
        }
        self.repository = repository
        path = place.path
        hasSharedStore = HubFolder.isSharedStore(&enclosure)
        commits = HubFolder.commits(in: place.path, &enclosure)
        self.enclosure = enclosure
    }

    /// The command that fetches the commit again; the revision where it is known by a name.
    func download(_ revision: String) -> String { repository.download(revision) }

    private static func commits(in folder: String, _ enclosure: inout CacheSandbox) -> [String] {
        guard let snapshots = try? enclosure.place("snapshots", in: folder),
            let names = try? Directory.names(in: snapshots.path)
        else { return [] }
        return names.filter { name in
            Commit.isFull(name) && (try? enclosure.place(name, in: snapshots.path))?.status.kind == .directory
        }
    }

    /// Whether `blobs` in the cache's directory is the shared store, by its marker (huggingface_hub,
    /// `_shared_blobs.py`): a regular file that holds "1" and a line break.
    static func isSharedStore(_ enclosure: inout CacheSandbox) -> Bool {
        guard let marker = enclosure.existing("blobs/.huggingface-shared-blobs"), marker.steps.count == 1,
            marker.status.kind == .file,
            marker.path == Path.join(enclosure.root, "blobs/.huggingface-shared-blobs")
        else { return false }
        return (try? FileReader.contents(of: marker.path, limit: 2)) == Array("1\n".utf8)
    }
}

// What to say if there is no folder.
extension HubFolder {
    private static func noCache(
        _ repository: HubRepository, _ cache: HubCache, _ error: FileError, _ revision: String
    ) -> Diagnostic {
        Diagnostic(
            code: .cacheMissing,
            "\(repository.id): there is no Hugging Face cache at \(FileWalk.shown(cache.root))",
            notes: ["\(error)"],
            fix: "set HF_HUB_CACHE or HF_HOME to where it is, or fill one: \(repository.download(revision))",
            verdict: .undecided)
    }

    private static func unopened(
        _ repository: HubRepository, _ cache: HubCache, _ refusal: CacheSandbox.Refusal, _ revision: String
    ) -> Diagnostic {
        switch refusal {
        case .leaves(let link, let text):
            Diagnostic(
                code: .linkEscapes, "\(repository.id): its folder is a link that leads out of the cache",
                notes: ["\(FileWalk.shown(link)) -> \(FileWalk.shown(text))"],
                fix: "name the cache that really holds the folder with HF_HUB_CACHE", verdict: .undecided)
        case .unreadable(let error):
            Diagnostic(
                code: .unreadable, "\(repository.id): its folder cannot be read", notes: ["\(error)"],
                fix: "look at the permissions", verdict: .undecided)
        case .missing, .loops:
            Diagnostic(
                code: .notCached,
                "\(repository.id): the \(repository.noun) is not in the cache at \(FileWalk.shown(cache.root))",
                notes: suggestion(repository, cache).map { ["did you mean \($0)?"] } ?? [],
                fix: repository.download(revision), verdict: .undecided)
        }
    }

    /// The source of a repository in the cache that was probably meant: the same but for case, another
    /// kind, or the same name in an organization.
    private static func suggestion(_ repository: HubRepository, _ cache: HubCache) -> String? {
        let all = cache.repositories()
        let id = repository.id.lowercased()
        func name(_ id: String) -> String { Path.name(id) }
        let found =
            all.first { $0.kind == repository.kind && $0.id.lowercased() == id }
            ?? all.first { $0.id.lowercased() == id }
            ?? all.first { $0.kind == repository.kind && name($0.id.lowercased()) == name(id) }
        let near = Suggestion.nearest(
            to: repository.id, among: all.filter { $0.kind == repository.kind }.map(\.id))
        guard let meant = found ?? near.map({ HubRepository(kind: repository.kind, id: $0) }) else {
            return nil
        }
        return "\(Source.hub(meant, revision: "main").scheme.rawValue):\(meant.id)"
    }
}
