package import Manifests
package import Storage

/// What a cache knows about the content of one file before anybody hashes it.
package enum Evidence: Hashable, Sendable {
    /// The SHA-256 of the content.
    case sha256(SHA256Digest, Witness)
    /// The git blob name of the content.
    case gitBlob(GitBlobDigest, Witness)
    /// The name of the content in Xet, which takes more time to compute than both others.
    case xet(XetHash, Witness)

    /// Who states it.
    package var witness: Witness {
        switch self {
        case .sha256(_, let witness), .gitBlob(_, let witness), .xet(_, let witness): witness
        }
    }

    /// Reads an ETag of the Hub or the blob's name that was made from it: 64 hexadecimal digits are the
    /// SHA-256 of the content, 40 its git blob name; everything else states nothing of the content.
    package init?(etag: some StringProtocol, _ witness: Witness) {
        if let digest = SHA256Digest(hex: etag) {
            self = .sha256(digest, witness)
        } else if let digest = GitBlobDigest(hex: etag) {
            self = .gitBlob(digest, witness)
        } else {
            return nil
        }
    }

    /// The same evidence, strongest first: a SHA-256 before a git blob name and that before a Xet hash, a blob's name
    /// before a listing.
    package static func sorted(_ all: [Evidence]) -> [Evidence] {
        all.sorted { $0.rank < $1.rank }
    }

    /// The digest, and who states it.
    package var words: String {
        switch self {
        case .sha256(let digest, let witness): "sha256 \(digest)  (\(witness.words))"
        case .gitBlob(let digest, let witness): "git blob \(digest)  (\(witness.words))"
        case .xet(let hash, let witness): "xet hash \(hash)  (\(witness.words))"
        }
    }

    /// Whether no content can agree with both.
    package func contradicts(_ other: Evidence) -> Bool {
        switch (self, other) {
        case (.sha256(let one, _), .sha256(let two, _)): one != two
        case (.gitBlob(let one, _), .gitBlob(let two, _)): one != two
        case (.xet(let one, _), .xet(let two, _)): one != two
        default: false
        }
    }

    private var rank: Int {
        let order =
            switch witness {
            case .blob: 0
            case .tree: 1
            case .localDirectory: 2
            }
        return switch self {
        case .sha256: order
        case .gitBlob: order + 3
        case .xet: order + 6
        }
    }
}

extension Proof {
    /// The kind of proof that a file has whose content agrees with this evidence.
    package init(_ evidence: Evidence) {
        switch evidence {
        case .sha256(_, .blob): self = .blobSHA256
        case .sha256(_, .tree): self = .treeSHA256
        case .sha256(_, .localDirectory): self = .localDirSHA256
        case .gitBlob(_, .blob): self = .blobGit
        case .gitBlob(_, .tree): self = .treeGit
        case .gitBlob(_, .localDirectory): self = .localDirGit
        case .xet(_, .blob): self = .blobXet
        case .xet(_, .tree), .xet(_, .localDirectory): self = .treeXet
        }
    }
}
