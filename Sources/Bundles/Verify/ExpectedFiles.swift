import Formats
import Manifests
import Storage

/// The stored files that a lock states a bundle has, worked out from the lock's records alone.
struct ExpectedFiles {
    /// What a stored file must be.
    struct Content {
        /// The digest; of content that the store has for segments, the one in its name.
        let sha256: SHA256Digest
        /// The length in bytes; of content that the store has for segments, up to where the last segment ends.
        let size: Int
    }

    /// By the paths in the bundle.
    private(set) var content: [RelativePath: Content] = [:]
    /// What the files must say by which the bundle is uploaded; they follow from the lock's `[bundle]` table.
    let metadata: [UploadMetadata.File]
    /// The files at the top that Knapsack itself makes.
    let generated: Set<RelativePath>
    /// The files in segments of this bundle alone, equal ones once.
    private(set) var segmented: [SegmentedFile] = []
    /// The files of which bases have all or a part, equal ones once.
    private(set) var throughBases: [SegmentedFile] = []
    /// The contents of both.
    private var seen: Set<SHA256Digest> = []

    /// Works through the lock.
    ///
    /// - Throws: where the lock gives one path two contents.
    init(lock: Lock) throws(Diagnostics) {
        metadata = UploadMetadata(lock.bundle).files
        generated = Set(BundlePath.generated(lock.bundle))
        for entry in lock.entries where entry.isPacked {
            for file in entry.files {
                let path: RelativePath
                switch file.placement {
                case .natural: path = entry.naturalPath(of: file)
                case .at(let other): path = other
                case .base:
                    if seen.insert(file.sha256).inserted, let whole = SegmentedFile(inBase: file, of: entry) {
                        throughBases.append(whole)
                    }
                    continue
                case .segments(let segments):
                    try add(segments, of: file, in: entry)
                    continue
                }
                if let present = content[path], present.sha256 != file.sha256 || present.size != file.size {
                    throw Diagnostics(
                        Diagnostic(
                            code: .lockContradictsItself,
                            "the lock gives \(path) two contents: \(present.sha256) and \(file.sha256)",
                            verdict: .undecided))
                }
                content[path] = Content(sha256: file.sha256, size: file.size)
            }
        }
    }

    private mutating func add(
        _ segments: [Segment], of file: LockedFile, in entry: LockedEntry
    ) throws(Diagnostics) {
        if seen.insert(file.sha256).inserted {
            let whole = SegmentedFile(
                name: "\(entry.name)/\(file.path)", size: file.size, sha256: file.sha256,
                segments: segments)
            if segments.contains(where: { $0.base != nil }) {
                throughBases.append(whole)
            } else {
                segmented.append(whole)
            }
        }
        // What the store has for segments is named by its digest, and reaches as far as any segment does.
        for segment in segments where segment.base == nil {
            guard let digest = SHA256Digest(hex: segment.at.name),
                segment.at == Lock.storePath(digest)
            else { continue }
            let end = max(content[segment.at]?.size ?? 0, segment.offset + segment.length)
            content[segment.at] = Content(sha256: digest, size: end)
        }
    }

    /// The path whose content has this digest, the first in the order of bytes; `nil` if there is none.
    func path(of digest: SHA256Digest) -> RelativePath? {
        content.filter { $0.value.sha256 == digest }.keys.min()
    }
}
