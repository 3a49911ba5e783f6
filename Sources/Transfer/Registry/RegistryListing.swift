import Caches
import Formats
import Manifests
import Storage

/// The files that a registry lists for a source.
struct RegistryListing {
    /// What was asked for.
    let source: RegistrySource
    /// The digest of the manifest.
    let manifest: SHA256Digest
    /// The files, in the order of their paths.
    let files: [RegistryArtifact.File]
    /// The documents that state them: the manifest, the lock of a bundle, and layers that are archives.
    let documents: [[UInt8]]
    /// The contents of files that are in archives: nobody is asked for them.
    let unpacked: [SHA256Digest: ArraySlice<UInt8>]

    /// Asks the registry, for documents that the store lacks. Holds its thread until the answers are there.
    ///
    /// - Parameters:
    ///   - pinned: the manifest that a lock or the source pins.
    ///   - store: documents are looked for there first; `nil` where nobody states where it is.
    /// - Throws: ``RegistryArtifact/Refused`` for what is no model, ``RegistryRefusal`` and ``NetworkError``.
    init(
        _ source: RegistrySource, pinned: SHA256Digest?, _ store: RegistryStore?, _ client: RegistryClient
    ) throws {
        let (bytes, artifact) = try Self.manifest(source, pinned: pinned, store, client)
        var documents = [bytes] + artifact.archives
        var lock: Lock?
        if let file = artifact.lockFile {
            guard file.size <= Lock.sizeLimit else {
                throw RegistryArtifact.Refused(reason: "has a lock that is too large to be one")
            }
            let text =
                try store?.document(file.sha256, limit: file.size) ?? RegistryProof.content(file, client)
            documents.append(text)
            do throws(Diagnostics) {
                lock = try Lock.parse(text, path: file.path.text)
            } catch {
                throw RegistryArtifact.Refused(
                    reason: "has a knapsack.lock that is none: \(error.all.first?.message ?? "")")
            }
        }
        self.source = source
        self.documents = documents
        manifest = artifact.digest
        unpacked = artifact.unpacked
        files = try artifact.files(of: source, lock: lock)
    }

    private static func manifest(
        _ source: RegistrySource, pinned: SHA256Digest?, _ store: RegistryStore?, _ client: RegistryClient
    ) throws -> ([UInt8], RegistryArtifact) {
        func archive(_ layer: RegistryDescriptor) throws -> [UInt8] {
            try store?.document(layer.digest, limit: layer.size) ?? RegistryProof.archive(layer, client)
        }
        if let pinned, let bytes = store?.document(pinned, limit: RegistryStore.manifestLimit) {
            return (bytes, try RegistryArtifact(bytes, type: "", digest: pinned, archive: archive))
        }
        let name = pinned.map { "sha256:\($0.hex)" } ?? source.reference.wanted
        guard let (bytes, type) = try client.document(client.manifest(name), accept: RegistryType.accepted)
        else { throw RegistryRefusal(status: 404, isKnown: client.credentials != nil) }
        let digest = try ContentHasher.sha256(bytes.span)
        if let pinned, pinned != digest {
            throw RegistryArtifact.Refused(
                reason: "has a manifest with the digest sha256:\(digest.hex), which was not asked for")
        }
        return (bytes, try RegistryArtifact(bytes, type: type, digest: digest, archive: archive))
    }
}
