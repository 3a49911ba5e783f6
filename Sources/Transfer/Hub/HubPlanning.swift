import Formats
import Manifests
import Storage

/// Compares what is wanted of a repository with what the Hub lists and with what is in the cache.
struct HubPlanning {
    private let wish: FetchWish
    private let repository: HubRepository
    private let revision: String
    private let folder: HubCacheWriter
    private let store: SharedStore?
    private let client: HubClient
    private let mode: TransferMode

    /// Prepares the plan of one wish; nothing is asked yet.
    init(
        _ wish: FetchWish, _ repository: HubRepository, revision: String, _ folder: HubCacheWriter,
        _ store: SharedStore?, _ client: HubClient, _ mode: TransferMode
    ) {
        self.wish = wish
        self.repository = repository
        self.revision = revision
        self.folder = folder
        self.store = store
        self.client = client
        self.mode = mode
    }

    /// The commit that a lock pins.
    var pin: String? {
        guard case .hub(_, _, let commit) = wish.pin else { return nil }
        return commit
    }

    /// The plan for a wish whose lock pins nothing but what is in the cache: nobody has to be asked then.
    func withoutAsking() -> FetchPlan? {
        guard let locked = wish.locked, let pin else { return nil }
        var files: [FetchPlan.File] = []
        for (path, content) in locked.sorted(by: { $0.key < $1.key }) {
            guard Directory.leadsToFile(folder.file(path, commit: pin), size: content.size) else {
                return nil
            }
            files.append(FetchPlan.File(path: path, size: content.size))
        }
        return plan(files, commit: pin, listing: nil, [])
    }

    /// The plan for what the Hub lists.
    func plan(_ listing: HubListing) -> FetchPlan {
        var files: [FetchPlan.File] = []
        var findings: [Diagnostic] = []
        /// Of what a lock pins.
        var listed: Set<RelativePath> = []
        var blobs: Set<BlobIdentity> = []
        var seen: Set<RelativePath> = []
        for file in listing.files where wish.filter.accepts(file.name) {
            guard let path = RelativePath(file.name) else {
                findings.append(refused(file, RelativePath.problem(file.name) ?? "is refused"))
                continue
            }
            guard seen.insert(path).inserted else {
                findings.append(refused(file, "is there twice"))
                continue
            }
            if let locked = wish.locked, locked[path] == nil { continue }
            guard let identity = file.identity else {
                findings.append(refused(file, "has no digest that could prove it"))
                continue
            }
            if wish.locked != nil { listed.insert(path) }
            if let problem = contradiction(path, identity) {
                findings.append(problem)
                continue
            }
            let isFirst = blobs.insert(identity).inserted
            files.append(self.file(path, identity, file.xetHash, commit: listing.commit, isFirst: isFirst))
        }
        findings += absent(listing, listed)
        if wish.locked == nil, files.isEmpty, findings.isEmpty {
            findings.append(
                Diagnostic(
                    code: .noFiles, "\(wish.subject): no file is wanted of \(listing.files.count)",
                    fix: "look at include and exclude"))
        }
        files.sort { $0.path < $1.path }
        return plan(files, commit: listing.commit, listing: listing, findings)
    }

    private func plan(
        _ files: [FetchPlan.File], commit: String, listing: HubListing?, _ findings: [Diagnostic]
    ) -> FetchPlan {
        FetchPlan(
            wish: wish, origin: .hub(repository, ref: revision, commit: commit), files: files,
            findings: findings,
            destination: HubDestination(
                subject: wish.subject, repository: repository, folder: folder, store: store, client: client,
                commit: commit, ref: revision, isPinned: wish.pin != nil, listing: listing, mode: mode,
                xet: XetServer(repository, commit: commit, client)))
    }

    /// - Parameter isFirst: whether no other file of the commit has the content, which would bring it along.
    private func file(
        _ path: RelativePath, _ identity: BlobIdentity, _ xetHash: SHA256Digest?, commit: String,
        isFirst: Bool
    ) -> FetchPlan.File {
        let presence = folder.presence(path, commit: commit, identity)
        if presence == .there { return FetchPlan.File(path: path, size: identity.size) }
        let isShared = xetHash.flatMap { hash in store?.has(hash.hex, size: identity.size) } ?? false
        let isLoaded = presence == .missing && isFirst && !isShared
        let there = isLoaded ? PartialBlob.bytesThere(identity, at: folder.blob(identity.name)) : 0
        return FetchPlan.File(
            path: path, identity, missing: isLoaded ? max(0, identity.size - there) : 0, xetHash: xetHash)
    }

    /// What the lock pins and the Hub does not list.
    private func absent(_ listing: HubListing, _ listed: Set<RelativePath>) -> [Diagnostic] {
        (wish.locked ?? [:]).keys.sorted().filter { !listed.contains($0) }.map { path in
            Diagnostic(
                code: .downloadDiffers,
                "\(wish.subject): the Hub does not list \(quoted(path.text)), which the lock pins",
                notes: ["commit \(listing.commit)"], fix: "look at what happened to the repository")
        }
    }

    /// What the lock pins otherwise than the Hub lists it.
    private func contradiction(_ path: RelativePath, _ identity: BlobIdentity) -> Diagnostic? {
        guard let locked = wish.locked?[path] else { return nil }
        var notes: [String] = []
        if case .sha256(let digest) = identity.proof, digest != locked.sha256 {
            notes = [
                "expected sha256 \(locked.sha256.hex)  (from the lock)", "found    sha256 \(digest.hex)",
            ]
        } else if locked.size != identity.size {
            notes = ["expected \(locked.size) bytes  (from the lock)", "found    \(identity.size) bytes"]
        }
        guard !notes.isEmpty else { return nil }
        return Diagnostic(
            code: .downloadDiffers,
            "\(wish.subject): the Hub lists \(path.text) otherwise than the lock pins it",
            notes: notes,
            fix:
                "look at what happened to the repository; knapsack lock {manifest} --update \(wish.subject) takes what is there now"
        )
    }

    private func refused(_ file: HubFile, _ why: String) -> Diagnostic {
        Diagnostic(
            code: .fetchFileRefused, "\(wish.subject): the Hub lists \(quoted(file.name)), which \(why)",
            fix: "leave it out with exclude, or tell the author", verdict: .undecided)
    }
}
