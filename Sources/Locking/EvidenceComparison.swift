import Caches
import Formats
import Manifests
import Storage

/// Holds the digests of a file's content against all that its cache states of it: the blob's name, the metadata beside a
/// download, the listing of the revision.
struct EvidenceComparison {
    private let claim: VerifiedInputs.Claim
    private let digests: ContentDigests
    private let size: Int

    /// Takes both sides.
    /// - Parameter size: of the content in bytes.
    init(_ claim: VerifiedInputs.Claim, _ digests: ContentDigests, size: Int) {
        self.claim = claim
        self.digests = digests
        self.size = size
    }

    /// The first thing that does not agree; `nil` if all of it does.
    var problem: Diagnostic? {
        if let expected = claim.file.expectedSize, expected != size {
            return mismatch("\(expected) bytes", "\(size) bytes", "from the revision's tree")
        }
        return claim.file.evidence.lazy.compactMap(disagreement).first
    }

    private func disagreement(_ evidence: Evidence) -> Diagnostic? {
        switch evidence {
        case .sha256(let expected, let witness):
            guard expected != digests.sha256 else { return nil }
            return mismatch(
                "sha256 \(expected)", "sha256 \(digests.sha256)  (\(size) bytes)", witness.words)
        case .gitBlob(let expected, let witness):
            guard expected != digests.gitBlob else { return nil }
            return mismatch(
                "git blob \(expected)", "git blob \(digests.gitBlob?.hex ?? "")  (\(size) bytes)",
                witness.words)
        case .xet(let expected, let witness):
            // It is only computed where nothing else proves the file.
            guard claim.file.isKnownByXetAlone, expected != digests.xet else { return nil }
            return mismatch(
                "xet hash \(expected)", "xet hash \(digests.xet?.text ?? "")  (\(size) bytes)", witness.words)
        }
    }

    private func mismatch(_ expected: String, _ found: String, _ witness: String) -> Diagnostic {
        Diagnostic(
            code: .hashMismatch, "\(claim.entry): \(claim.file.path) does not match its hash in the cache",
            notes: ["expected \(expected)  (\(witness))", "found    \(found)"],
            fix: "delete \(claim.file.location) and download again\(claim.download)")
    }
}
