package import Formats
package import Storage

/// An answer, of which the server makes bytes.
package struct Response: Sendable {
    /// What follows the head.
    package enum Body: Sendable {
        /// These bytes.
        case bytes([UInt8])
        /// A range of a file that stays what it was proved to be.
        case file(ServedContent, Range<Int>)
        /// So many bytes, which the closure writes, and throws where they cannot be whole.
        case counted(Int, @Sendable (any BodySink) throws -> Void)
        /// Bytes whose number is known only at their end: the closure writes them, and throws where they cannot be whole.
        case stream(@Sendable (any BodySink) throws -> Void)
    }

    /// The status, three digits.
    package var status: Int
    /// The fields but for those of framing, `Date` and `Connection`, which the server adds.
    package var fields = HeaderFields()
    /// What follows the head.
    package var body: Body
    /// Whether the connection is closed after it, whatever the client wishes.
    package var ends = false
    /// What it is about, for the audit log; `nil` where the request's target says it.
    package var subject: String?
    /// The ids that the marketplace has of what it took from the sight of others.
    package var hides: [String] = []

    /// Makes an answer.
    package init(_ status: Int, _ body: Body = .bytes([])) {
        self.status = status
        self.body = body
    }

    /// A JSON document.
    package static func json(_ value: JSON, status: Int = 200) -> Response {
        document(.bytes(Array(value.compactText.utf8)), status: status)
    }

    /// A JSON document whose bytes are made by somebody else.
    static func document(_ body: Body, status: Int = 200) -> Response {
        var response = Response(status, body)
        response.fields.append("Content-Type", "application/json; charset=utf-8")
        return response
    }

    /// A refusal that is not of one interface alone: both words by which clients look for the reason.
    package static func refusal(_ status: Int, _ reason: String) -> Response {
        .json(["error": .string(reason), "detail": .string(reason)], status: status)
    }

    /// The same with one more field.
    package func with(_ name: String, _ value: String) -> Response {
        var copy = self
        copy.fields.append(name, value)
        return copy
    }

    /// The words behind the status of an answer.
    static func reason(_ status: Int) -> String {
        switch status {
        case 100: "Continue"
        case 200: "OK"
        case 201: "Created"
        case 202: "Accepted"
        case 204: "No Content"
        case 206: "Partial Content"
        case 302: "Found"
        case 304: "Not Modified"
        case 307: "Temporary Redirect"
        case 308: "Resume Incomplete"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 411: "Length Required"
        case 412: "Precondition Failed"
        case 413: "Content Too Large"
        case 415: "Unsupported Media Type"
        case 416: "Range Not Satisfiable"
        case 417: "Expectation Failed"
        case 421: "Misdirected Request"
        case 422: "Unprocessable Content"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 503: "Service Unavailable"
        case 505: "HTTP Version Not Supported"
        case 507: "Insufficient Storage"
        default: "Status"
        }
    }
}

/// Takes the bytes of an answer that is made while it is sent.
package protocol BodySink {
    /// Sends all of the bytes; throws where the client is gone.
    func write(_ bytes: Span<UInt8>) throws(ClientGone)
    /// Sends a range of a file; throws where the client is gone, or the file is not what was proved any more.
    func send(_ range: Range<Int>, of content: ServedContent) throws(ClientGone)
    /// Has the client get now what was written so far: it may be gathered until there is enough of it, or the answer ends.
    func flush() throws(ClientGone)
}

/// The client has ended the connection, or takes nothing any more.
package struct ClientGone: Error {}

/// A file that is open, and what it was when its content was proved.
package final class ServedContent: Sendable {
    /// The open file.
    let file: FileHandle
    /// Its status then: one that differs later is of another content.
    let status: FileStatus

    /// Opens a file.
    /// - Returns: `nil` where it is not there any more, or not the same.
    package init?(path: String, proved status: FileStatus) {
        guard let handle = try? FileHandle.reading(path), (try? handle.status()) == status else { return nil }
        file = handle
        self.status = status
    }

    /// Whether it still is what was proved.
    var isUnchanged: Bool { (try? file.status()) == status }
}
