import Caches
import Catalogue
import Formats
import Storage

/// All files of a version in one archive, which is the same for the same files, and of which every range can be sent.
struct KaggleArchive: Sendable {
    private enum Form: Sendable {
        case zip(PartedContent)
        case tarball(StoredTarball)
    }

    /// What the names of the archives end with, as `kaggle` names them.
    static let zipSuffix = ".zip"
    /// The same of a tar archive in a gzip.
    static let tarballSuffix = ".tar.gz"

    private let form: Form
    private let size: Int
    private let tag: String
    private let modified: Int64

    /// Puts an archive together; nothing is read yet.
    /// - Returns: `nil` where it would have more bytes than can be counted.
    init?(_ files: [(file: CachedFile, sums: ContentSums)], isZip: Bool) {
        if isZip {
            let layout = StoredZip(
                files.map { file, sums in
                    StoredFile(
                        path: file.path,
                        content: StoredContent(sha256: sums.sha256, size: file.status.size, crc32: sums.crc32)
                    )
                })
            var parts = zip(layout.heads, files).flatMap { head, file -> [PartedContent.Part] in
                [.bytes(head), .file(file.file)]
            }
            parts.append(.bytes(layout.end))
            guard let content = PartedContent(parts) else { return nil }
            (form, size) = (.zip(content), content.size)
        } else {
            guard let content = StoredTarball(files) else { return nil }
            (form, size) = (.tarball(content), content.size)
        }
        // The names and contents decide every byte, and so does how it is put together.
        let names = files.map { "\($0.sums.sha256) \($0.file.path)\n" }.joined()
        let text = (isZip ? "zip, first form\n" : "tar.gz, first form\n") + names
        guard let digest = try? ContentHasher.sha256(Array(text.utf8).span) else { return nil }
        tag = "\"\(digest.hex)\""
        modified = (files.map(\.file.status.modified).max() ?? 0) / 1_000_000_000
    }

    /// The answer to a request for it.
    func answer(_ head: RequestHead) -> Response {
        var fields = HeaderFields()
        fields.append("Last-Modified", HTTPDate.text(modified))
        return ContentAnswer(size: size, tag: tag, type: "application/octet-stream", fields: fields)
            .answer(head) { [form] range in
                .counted(range.count) { sink in
                    switch form {
                    case .zip(let content):
                        try content.write(range, to: sink)
                    case .tarball(let content):
                        // More than a block of it is never read at once.
                        var buffer = Buffer(count: 1 << 16)
                        try content.read(range, &buffer) { bytes in try sink.write(bytes) }
                    }
                }
            }
    }
}
