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
        ContentAnswer(size: content.status.size, tag: tag, type: "application/octet-stream", fields: fields)
            .answer(head) { range in .file(content, range) }
    }
}

/// Answers with content of which every part can be had.
struct ContentAnswer {
    /// The bytes of all of it.
    let size: Int
    /// Its name, with quotation marks: other content has another one.
    let tag: String
    /// Its media type.
    let type: String
    /// Further fields.
    let fields: HeaderFields

    /// The answer to a request, by its `If-None-Match`, `Range` and `If-Range`.
    /// - Parameter part: makes the body of a range.
    func answer(_ head: RequestHead, _ part: (Range<Int>) -> Response.Body) -> Response {
        var response = Response(200)
        response.fields = fields
        response.fields.append("ETag", tag)
        response.fields.append("Accept-Ranges", "bytes")
        if Precondition.matches(head.fields["if-none-match"], tag) {
            response.status = 304
            return response
        }
        response.fields.append("Content-Type", type)
        // A browser that is led to a file never takes it for a page of this server.
        response.fields.append("Content-Security-Policy", "default-src 'none'; sandbox")
        response.body = part(0..<size)
        let condition = head.fields["if-range"]
        let isSame = condition.map { $0.hasSameBytes(as: tag) } ?? true
        guard head.method == "GET" || head.method == "HEAD", isSame else { return response }
        switch ByteRange.of(head.fields["range"], size: size) {
        case .whole: break
        case .part(let range):
            response.status = 206
            response.body = part(range)
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

/// Answers with a JSON document that has a name of its own.
enum DocumentAnswer {
    /// The answer to a request, by its `If-None-Match`.
    /// - Parameter text: the document.
    static func of(_ text: String, _ head: RequestHead) -> Response {
        let bytes = Array(text.utf8)
        guard let digest = try? ContentHasher.sha256(bytes.span) else { return .document(.bytes(bytes)) }
        let tag = "\"\(digest)\""
        if Precondition.matches(head.fields["if-none-match"], tag) {
            return Response(304).with("ETag", tag)
        }
        return Response.document(.bytes(bytes)).with("ETag", tag)
    }
}
