import Formats
import Manifests
import Storage

/// Where a repository's folder keeps a blob.
struct HubTarget: BlobTarget {
    /// The repository's folder.
    let folder: HubCacheWriter
    /// The blob's name: its etag.
    let blob: String
    /// The blobs that repositories share, if the cache has such a store.
    let store: SharedStore?
    /// The name of the content in that store.
    let xetHash: SHA256Digest?

    var path: String { folder.blob(blob) }
    var lockPath: String { folder.lock(blob) }

    func takeFromElsewhere(_ identity: BlobIdentity, _ buffer: inout Buffer) throws -> Bool {
        guard let xetHash, let store, identity.size > 0 else { return false }
        return try store.link(xetHash.hex, identity, blob: folder.relativeBlob(blob), &buffer)
    }
}

/// The name of a file in a snapshot: a link to its blob.
struct HubName: BlobName {
    /// The repository's folder.
    let folder: HubCacheWriter
    let path: RelativePath
    /// The commit of the snapshot.
    let commit: String
    /// The blob's name: its etag.
    let blob: String

    var text: String { path.text }

    func publish() throws(FileError) { try folder.link(path, commit: commit, to: blob) }
}

/// The snapshot that receives the files of a plan.
struct HubDestination: FetchDestination {
    let subject: String
    /// The repository that is loaded.
    let repository: HubRepository
    /// The repository's folder in the cache.
    let folder: HubCacheWriter
    /// The blobs that repositories share, if the cache has such a store.
    let store: SharedStore?
    /// Answers what is asked of the repository.
    let client: HubClient
    /// The commit that `ref` stands for.
    let commit: String
    /// The branch, the tag or the commit that was asked for.
    let ref: String
    /// Whether a lock pins the commit.
    let isPinned: Bool
    /// What the Hub lists; `nil` where nobody had to ask, because all that a lock pins is there.
    let listing: HubListing?
    /// By which way contents come that are in Xet, too.
    let mode: TransferMode
    /// What the commit has in Xet.
    let xet: XetServer

    var directory: String { Path.join(folder.path, "snapshots/\(commit)") }
    var cache: String { folder.root }
    var sharedContents: String? { folder.path }
    var otherDirectories: [String] { folder.directories }

    func prepare() throws {
        try folder.prepare()
        if let listing { try folder.write(listing) }
    }

    func source(of file: FetchPlan.File, _ identity: BlobIdentity) -> any BlobSource {
        let rules = HubFileRules(
            client: client, address: client.endpoint.file(repository, commit: commit, path: file.path),
            identity: identity, name: file.path.text)
        let web = WebFile(rules, size: identity.size, name: file.path.text, client.requester)
        // What is in Xet is in LFS as well, so that it has a SHA-256, which proves what is put together.
        guard mode != .http, case .sha256 = identity.proof,
            let hash = file.xetHash.flatMap({ XetHash(text: $0.hex) })
        else { return web }
        return ChosenSource(web, XetFile(hash, name: file.path.text, xet), mode)
    }

    func target(of file: FetchPlan.File, _ identity: BlobIdentity) -> any BlobTarget {
        HubTarget(folder: folder, blob: identity.name, store: store, xetHash: file.xetHash)
    }

    func name(of file: FetchPlan.File, _ identity: BlobIdentity) -> any BlobName {
        HubName(folder: folder, path: file.path, commit: commit, blob: identity.name)
    }

    /// Points the branch or the tag at what was loaded. One that a lock pins is not moved: it may be older.
    func finish() throws -> [Diagnostic] {
        try folder.synchronize()
        if ref.hasSameBytes(as: commit) { return [] }
        if isPinned, let other = folder.commit(of: ref), !other.hasSameBytes(as: commit) {
            return [
                Diagnostic(
                    .note, code: .refKept,
                    "\(subject): \(ref) points elsewhere in the cache, and was not changed",
                    notes: ["the lock pins \(commit)"])
            ]
        }
        try folder.write(ref: ref, commit: commit)
        return []
    }
}
