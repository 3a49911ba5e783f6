import Caches
import Catalogue
import Formats
import Manifests
import Storage

/// One file of a revision, as the Hub lists it.
struct HubEntry: Sendable {
    /// Where it is in the repository.
    let path: RelativePath
    /// The size of the content in bytes.
    let size: Int
    /// What the content is by the listing or by its blob's name; `nil` where nothing states it but a hash.
    let identity: Identity?
    /// The file in the cache; `nil` for one that the revision lists and that the cache does not have.
    let file: CachedFile?

    /// The content in the catalogue's store; `nil` for a file of a cache.
    let stored: SHA256Digest?

    /// What names the content.
    enum Identity: Sendable, Equatable {
        /// git's own name of it.
        case git(GitBlobDigest)
        /// The SHA-256 of what git has a pointer to.
        case large(SHA256Digest)

        /// What the ETag is, and the blob's name in a cache.
        var name: String {
            switch self {
            case .git(let digest): digest.hex
            case .large(let digest): digest.hex
            }
        }

        /// Reads evidence; a Xet hash names nothing that an ETag states.
        init?(_ evidence: [Evidence]) {
            for item in evidence {
                switch item {
                case .sha256(let digest, _):
                    self = .large(digest)
                    return
                case .gitBlob(let digest, _):
                    self = .git(digest)
                    return
                case .xet: continue
                }
            }
            return nil
        }
    }

    /// A file that is in the cache.
    init(_ file: CachedFile) {
        path = file.path
        size = file.status.size
        identity = Identity(file.evidence)
        stored = nil
        self.file = file
    }

    /// A file that is only listed.
    init(_ path: RelativePath, _ listed: TreeFile) {
        self.path = path
        size = listed.size
        identity =
            listed.sha256.map(Identity.large) ?? listed.gitBlob.map(Identity.git)
        file = nil
        stored = nil
    }

    /// A file whose content the catalogue has.
    init(
        _ path: RelativePath, _ size: Int, _ identity: Identity, _ digest: SHA256Digest,
        _ contents: ContentStore
    ) {
        self.path = path
        self.size = size
        self.identity = identity
        stored = digest
        var evidence = [Evidence.sha256(digest, .blob)]
        if case .git(let name) = identity { evidence.append(.gitBlob(name, .tree)) }
        let location = contents.path(of: digest)
        file = (try? FileStatus.status(of: location)).map { status in
            CachedFile(path: path, location: location, status: status, evidence: evidence, expectedSize: size)
        }
    }

    /// The entry in a listing of the tree, with the identity that is known by now.
    func treeJSON(_ identity: Identity) -> JSON {
        switch identity {
        case .git(let digest):
            return [
                "type": "file", "oid": .string(digest.hex), "size": .integer(size),
                "path": .string(path.text),
            ]
        case .large(let digest):
            let pointer = RepositoryFile.pointer(digest, size: size)
            return [
                "type": "file", "oid": .string(HubEntry.gitName(pointer)), "size": .integer(size),
                "lfs": [
                    "oid": .string(digest.hex), "size": .integer(size),
                    "pointerSize": .integer(pointer.count),
                ], "path": .string(path.text),
            ]
        }
    }

    /// The entry among the siblings of `?blobs=true`.
    func siblingJSON(_ identity: Identity?) -> JSON {
        var members = [JSON.Member("rfilename", .string(path.text)), JSON.Member("size", .integer(size))]
        switch identity {
        case .git(let digest)?: members.append(JSON.Member("blobId", .string(digest.hex)))
        case .large(let digest)?:
            let pointer = RepositoryFile.pointer(digest, size: size)
            members.append(JSON.Member("blobId", .string(HubEntry.gitName(pointer))))
            members.append(
                JSON.Member(
                    "lfs",
                    [
                        "sha256": .string(digest.hex), "size": .integer(size),
                        "pointerSize": .integer(pointer.count),
                    ]))
        case nil: break
        }
        return .object(members)
    }

    /// git's name of bytes as a blob; empty only where libcrypto fails.
    static func gitName(_ bytes: [UInt8]) -> String {
        guard var hasher = try? ContentHasher(gitBlobLength: bytes.count) else { return "" }
        do {
            try hasher.update(bytes.span)
            return try hasher.finish().gitBlob?.hex ?? ""
        } catch {
            return ""
        }
    }
}
