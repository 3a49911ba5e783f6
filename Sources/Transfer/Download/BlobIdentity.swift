import Formats
import Storage

/// What a blob has to be, by which it gets its name in the cache.
struct BlobIdentity: Hashable, Sendable {
    /// By what its content is proved.
    enum Proof: Hashable, Sendable {
        /// A file in LFS or Xet: the SHA-256 of its content.
        case sha256(SHA256Digest)
        /// A file in git: git's name of its content.
        case gitBlob(GitBlobDigest)
    }

    /// The digest that the Hub lists.
    let proof: Proof
    /// The size in bytes.
    let size: Int

    /// Takes what a listing states of a file.
    init(proof: Proof, size: Int) {
        self.proof = proof
        self.size = size
    }

    /// The blob's name in the cache: its etag.
    var name: String {
        switch proof {
        case .sha256(let digest): digest.hex
        case .gitBlob(let digest): digest.hex
        }
    }

    /// Feeds all content to this, then asks ``matches(_:)``.
    func hasher() throws(HashingFailure) -> ContentHasher {
        switch proof {
        case .sha256: try ContentHasher()
        case .gitBlob: try ContentHasher(gitBlobLength: size)
        }
    }

    /// Whether digests of the whole content are those of this blob.
    func matches(_ digests: ContentDigests) -> Bool {
        switch proof {
        case .sha256(let digest): digests.sha256 == digest
        case .gitBlob(let digest): digests.gitBlob == digest
        }
    }
}
