import Caches
import Formats
import Manifests
import Storage

/// The store that receives the files of an artifact.
struct RegistryDestination: FetchDestination {
    /// What sentences call it.
    let subject: String
    /// The store, and the artifact's place in it.
    let writer: RegistryStoreWriter
    /// Answers what is asked of the registry.
    let client: RegistryClient
    /// The manifest, the lock of a bundle, layers that are archives, and the files that are wanted of those.
    let documents: [ArraySlice<UInt8>]
    /// Whether a lock pins the manifest.
    let isPinned: Bool

    var directory: String { writer.directory }
    var cache: String { writer.store.root }
    var sharedContents: String? { writer.store.root }
    var otherDirectories: [String] {
        ["blobs/sha256", "locks", RegistryStore.folder(writer.source.reference) + "/_tags"]
            .map { Path.join(writer.store.root, $0) }
    }

    func prepare() throws { try writer.prepare(documents) }

    func source(of file: FetchPlan.File, _ identity: BlobIdentity) -> any BlobSource {
        let rules = RegistryBlobRules(
            client: client, digest: digest(identity), name: file.path.text)
        return WebFile(rules, size: identity.size, name: file.path.text, client.requester)
    }

    func target(of file: FetchPlan.File, _ identity: BlobIdentity) -> any BlobTarget {
        StoredContent(path: writer.blob(digest(identity)), lockPath: writer.lock(digest(identity)))
    }

    func name(of file: FetchPlan.File, _ identity: BlobIdentity) -> any BlobName {
        RegistryFileName(writer: writer, path: file.path, digest: digest(identity))
    }

    /// The digest of a file: plans for registries have no other proofs than SHA-256.
    private func digest(_ identity: BlobIdentity) -> SHA256Digest {
        if case .sha256(let digest) = identity.proof { digest } else { writer.manifest }
    }

    /// Notes what the tag stands for, if the registry was asked for it. What a lock or a digest pins may be older.
    func finish() throws -> [Diagnostic] {
        try writer.synchronize()
        guard let tag = writer.source.reference.tag, writer.source.reference.digest == nil else { return [] }
        guard !isPinned else {
            let known = writer.store.manifest(of: tag, in: writer.source.reference)
            guard let known, known != writer.manifest else { return [] }
            return [
                Diagnostic(
                    .note, code: .refKept,
                    "\(subject): \(tag) stands for another manifest in the store, and was not changed",
                    notes: ["the lock pins sha256:\(writer.manifest.hex)"])
            ]
        }
        try writer.note(tag)
        return []
    }
}

/// Where the store keeps a content.
private struct StoredContent: BlobTarget {
    let path: String
    let lockPath: String
}

/// The name of a file of an artifact: a link to its content.
private struct RegistryFileName: BlobName {
    let writer: RegistryStoreWriter
    let path: RelativePath
    let digest: SHA256Digest

    var text: String { path.text }

    func publish() throws(FileError) { try writer.link(path, to: digest) }
}
