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
        /// A file in a store that states MD5: its 16 bytes.
        case md5([UInt8])
        /// By its size alone: no digest is known. The text is what the server calls this content, such as its etag.
        case size(String)
    }

    /// What is stated of the content.
    let proof: Proof
    /// The size in bytes.
    let size: Int

    /// Takes what a listing states of a file.
    init(proof: Proof, size: Int) {
        self.proof = proof
        self.size = size
    }

    /// What tells this content from others: in the Hub's cache the blob's name, which is its etag.
    var name: String {
        switch proof {
        case .sha256(let digest): digest.hex
        case .gitBlob(let digest): digest.hex
        case .md5(let digest): "md5-" + Hex.text(digest)
        case .size(let name): "size-" + name
        }
    }

    /// Feeds all content to this, then asks ``matches(_:)``.
    func hasher() throws(HashingFailure) -> ContentHasher {
        switch proof {
        case .sha256: try ContentHasher()
        case .gitBlob: try ContentHasher(gitBlobLength: size)
        case .md5: try ContentHasher(md5: true)
        case .size: try ContentHasher()
        }
    }

    /// Whether the MD5 of the whole content does not contradict this blob: where another digest, or none, is stated, it
    /// states nothing.
    func matches(md5 digest: [UInt8]) -> Bool {
        if case .md5(let stated) = proof { stated == digest } else { true }
    }

    /// Whether digests of the whole content are those of this blob.
    func matches(_ digests: ContentDigests) -> Bool {
        switch proof {
        case .sha256(let digest): digests.sha256 == digest
        case .gitBlob(let digest): digests.gitBlob == digest
        case .md5(let digest): digests.md5 == digest
        case .size: true
        }
    }
}
