import Caches
import Formats
import Storage

/// The listing of a commit's files that huggingface_hub keeps as `trees/<commit>.json` (format version 1).
struct RestoredTree: Sendable {
    /// One file of the commit.
    struct Record: Sendable {
        /// The file's path in the repository.
        let path: RelativePath
        /// The length of the content in bytes, not that of a git-lfs pointer.
        let size: Int
        /// The SHA-256 of a file that the Hub stores outside git; `nil` for one in git.
        let sha256: SHA256Digest?
        /// The item whose git blob name a file in git is listed with.
        let item: Int
    }

    /// Where the listing goes, relative to the target.
    let path: RelativePath
    /// The files, in the order in which they are listed.
    let records: [Record]

    /// The listing's text.
    ///
    /// - Parameter gitBlob: the git blob name of an item's content.
    /// - Returns: `nil` where a name is not known.
    func text(_ gitBlob: (Int) -> GitBlobDigest?) throws(HashingFailure) -> String? {
        var members: [JSON.Member] = []
        members.reserveCapacity(records.count)
        for record in records {
            let size = JSON.integer(record.size)
            if let sha256 = record.sha256 {
                let pointer = try LFSPointer.gitBlob(sha256: sha256, size: record.size)
                members.append(
                    JSON.Member(
                        record.path.text,
                        [
                            "size": size, "blob_id": .string(pointer.hex), "lfs_sha256": .string(sha256.hex),
                            "lfs_size": size,
                        ]))
            } else {
                guard let name = gitBlob(record.item) else { return nil }
                members.append(JSON.Member(record.path.text, ["size": size, "blob_id": .string(name.hex)]))
            }
        }
        let document: JSON = ["format_version": 1, "files": .object(members)]
        return document.prettyText + "\n"
    }
}

extension LFSPointer {
    /// The git blob name of the pointer that stands for some content (git-lfs, `docs/spec.md`).
    static func gitBlob(sha256: SHA256Digest, size: Int) throws(HashingFailure) -> GitBlobDigest {
        let text = "version https://git-lfs.github.com/spec/v1\noid sha256:\(sha256)\nsize \(size)\n"
        let bytes = Array(text.utf8)
        var hasher = try ContentHasher(gitBlobLength: bytes.count)
        try hasher.update(bytes.span)
        guard let name = try hasher.finish().gitBlob else { throw HashingFailure() }
        return name
    }
}
