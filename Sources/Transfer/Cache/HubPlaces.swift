import Formats
import Manifests
import Storage

/// Where a repository's folder keeps a blob.
struct HubTarget: BlobTarget {
    let folder: HubCacheWriter
    /// The blob's name: its etag.
    let blob: String
    /// The blobs that repositories share, if the cache has such a store.
    let store: SharedStore?
    /// The name of the content in that store.
    let xetHash: String?

    var path: String { folder.blob(blob) }
    var lockPath: String { folder.lock(blob) }

    /// Whether the shared store has something of the right size.
    func isShared(size: Int) -> Bool {
        guard let xetHash, let store else { return false }
        return store.has(xetHash, size: size)
    }

    func takeFromElsewhere(_ identity: BlobIdentity, _ buffer: inout Buffer) throws -> Bool {
        guard let xetHash, let store, identity.size > 0 else { return false }
        return try store.link(xetHash, identity, blob: folder.relativeBlob(blob), &buffer)
    }
}

/// The name of a file in a snapshot: a link to its blob.
struct HubName: BlobName {
    let folder: HubCacheWriter
    let path: RelativePath
    let commit: String
    let blob: String

    var text: String { path.text }

    func publish() throws(FileError) { try folder.link(path, commit: commit, to: blob) }
}

/// The snapshot that receives the files of a plan.
struct HubDestination: FetchDestination {
    let subject: String
    let folder: HubCacheWriter
    let commit: String
    /// The branch, the tag or the commit that was asked for.
    let ref: String
    /// Whether a lock pins the commit.
    let isPinned: Bool
    /// What the Hub lists; `nil` where nobody had to ask, because all that a lock pins is there.
    let listing: HubListing?

    var directory: String { Path.join(folder.path, "snapshots/\(commit)") }
    var cache: String { folder.root }

    func prepare() throws {
        try folder.prepare()
        if let listing { try folder.write(listing) }
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
