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
        var response = Response(200)
        response.fields.append("ETag", tag)
        response.fields.append("Accept-Ranges", "bytes")
        response.fields.append("Last-Modified", HTTPDate.text(modified))
        if Precondition.matches(head.fields["if-none-match"], tag) {
            response.status = 304
            return response
        }
        response.fields.append("Content-Type", "application/octet-stream")
        response.fields.append("Content-Security-Policy", "default-src 'none'; sandbox")
        let isSame = head.fields["if-range"].map { $0.hasSameBytes(as: tag) } ?? true
        var wanted = 0..<size
        switch isSame ? ByteRange.of(head.fields["range"], size: size) : .whole {
        case .whole: break
        case .part(let range):
            wanted = range
            response.status = 206
            response.fields.append(
                "Content-Range", "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(size)")
        case .unsatisfiable:
            return Response.kaggleRefusal(416, "the archive has no such bytes")
                .with("Content-Range", "bytes */\(size)")
        }
        let (form, range) = (form, wanted)
        response.body = .counted(range.count) { sink in
            switch form {
            case .zip(let content):
                try content.write(range, to: sink)
            case .tarball(let content):
                // More than a block of it is never read at once.
                var buffer = Buffer(count: 1 << 16)
                try content.read(range, &buffer) { bytes in try sink.write(bytes) }
            }
        }
        return response
    }
}
