import Formats
import Storage

/// Answers with a file, or a part of it.
struct FileAnswer {
    /// The open file.
    let content: ServedContent
    /// The name of its content, with quotation marks.
    let tag: String
    /// Further fields.
    let fields: HeaderFields

    /// The answer to a request, by its `If-None-Match`, `Range` and `If-Range`.
    func answer(_ head: RequestHead) -> Response {
        let size = content.status.size
        var response = Response(200, .file(content, 0..<size))
        response.fields = fields
        response.fields.append("ETag", tag)
        response.fields.append("Accept-Ranges", "bytes")
        if Precondition.matches(head.fields["if-none-match"], tag) {
            response.status = 304
            response.body = .bytes([])
            return response
        }
        response.fields.append("Content-Type", "application/octet-stream")
        // A browser that is led to a file never takes it for a page of this server.
        response.fields.append("Content-Security-Policy", "default-src 'none'; sandbox")
        let condition = head.fields["if-range"]
        let isSame = condition.map { $0.hasSameBytes(as: tag) } ?? true
        guard head.method == "GET" || head.method == "HEAD", isSame else { return response }
        switch ByteRange.of(head.fields["range"], size: size) {
        case .whole: break
        case .part(let range):
            response.status = 206
            response.body = .file(content, range)
            response.fields.append(
                "Content-Range", "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(size)")
        case .unsatisfiable:
            var refusal = Response.refusal(416, "the file has no such bytes")
            refusal.fields.append("Content-Range", "bytes */\(size)")
            return refusal
        }
        return response
    }
}
