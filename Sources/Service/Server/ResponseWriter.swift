import Formats
import Storage

/// Sends one answer on a connection.
struct ResponseWriter {
    /// The connection that the request came on.
    let connection: ServerConnection
    /// Whether only the head is wanted.
    let isHead: Bool
    /// Whether the client understands chunks.
    let isModern: Bool
    /// Whether the connection stays open after it.
    let staysOpen: Bool

    /// What came of it.
    struct Outcome {
        /// The bytes of the body that were sent.
        let bytes: Int
        /// Whether the answer is whole.
        let isWhole: Bool
    }

    /// Sends the answer.
    func send(_ response: Response) -> Outcome {
        var head = "HTTP/1.1 \(response.status) \(Response.reason(response.status))\r\n"
        for field in response.fields.fields { head += "\(field.name): \(field.value)\r\n" }
        head += "Date: \(HTTPDate.text(currentTime() / 1_000_000_000))\r\n"
        // Nothing that is stored here runs in a browser as a page of this server, or is shown within another site's.
        head += "X-Content-Type-Options: nosniff\r\nCross-Origin-Resource-Policy: same-origin\r\n"
        if !response.fields.fields.contains(where: { $0.name.hasSameBytes(as: "Content-Security-Policy") }) {
            head += "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"
        }
        head += staysOpen ? "Connection: keep-alive\r\n" : "Connection: close\r\n"
        let isBare = response.status == 204 || response.status == 304
        switch response.body {
        case .bytes(let bytes):
            if !isBare { head += "Content-Length: \(bytes.count)\r\n" }
            var all = Array((head + "\r\n").utf8)
            let hasBody = !isHead && !isBare
            if hasBody { all += bytes }
            return Outcome(bytes: hasBody ? bytes.count : 0, isWhole: connection.sendAll(all))
        case .file(let content, let range):
            head += "Content-Length: \(range.count)\r\n\r\n"
            let hasBody = !isHead && !range.isEmpty
            guard connection.sendAll(Array(head.utf8), more: hasBody) else {
                return Outcome(bytes: 0, isWhole: false)
            }
            let sent = hasBody ? connection.send(range, of: content) : 0
            return Outcome(bytes: sent, isWhole: !hasBody || sent == range.count)
        case .counted(let count, let write):
            if !isBare { head += "Content-Length: \(count)\r\n" }
            let hasBody = !isHead && !isBare && count > 0
            guard connection.sendAll(Array((head + "\r\n").utf8), more: hasBody) else {
                return Outcome(bytes: 0, isWhole: false)
            }
            guard hasBody else { return Outcome(bytes: 0, isWhole: true) }
            let outcome = stream(write, isChunked: false)
            return Outcome(bytes: outcome.bytes, isWhole: outcome.isWhole && outcome.bytes == count)
        case .stream(let write):
            if isModern { head += "Transfer-Encoding: chunked\r\n" }
            guard connection.sendAll(Array((head + "\r\n").utf8), more: !isHead) else {
                return Outcome(bytes: 0, isWhole: false)
            }
            return isHead ? Outcome(bytes: 0, isWhole: true) : stream(write, isChunked: isModern)
        }
    }

    private func stream(_ write: (any BodySink) throws -> Void, isChunked: Bool) -> Outcome {
        let sink = ConnectionSink(connection: connection, isChunked: isChunked)
        do {
            try write(sink)
            return Outcome(bytes: sink.bytes, isWhole: sink.finish())
        } catch {
            return Outcome(bytes: sink.bytes, isWhole: false)
        }
    }
}

/// Sends the parts of a body that is made while it is sent.
private final class ConnectionSink: BodySink {
    private let connection: ServerConnection
    private let isChunked: Bool
    private(set) var bytes = 0

    init(connection: ServerConnection, isChunked: Bool) {
        self.connection = connection
        self.isChunked = isChunked
    }

    func write(_ part: Span<UInt8>) throws(ClientGone) {
        guard part.count > 0 else { return }
        let head = Array("\(String(part.count, radix: 16))\r\n".utf8)
        guard !isChunked || connection.sendAll(head, more: true),
            connection.sendAll(part, more: isChunked),
            !isChunked || connection.sendAll([0x0D, 0x0A], more: true)
        else { throw ClientGone() }
        bytes += part.count
    }

    func send(_ range: Range<Int>, of content: ServedContent) throws(ClientGone) {
        guard !range.isEmpty else { return }
        let head = Array("\(String(range.count, radix: 16))\r\n".utf8)
        guard !isChunked || connection.sendAll(head, more: true),
            connection.send(range, of: content) == range.count,
            !isChunked || connection.sendAll([0x0D, 0x0A], more: true)
        else { throw ClientGone() }
        bytes += range.count
    }

    /// What waits for more goes out; the kernel holds back a part of a packet for a fifth of a second at most.
    func flush() throws(ClientGone) {
        guard connection.sendAll([]) else { throw ClientGone() }
    }

    func finish() -> Bool { !isChunked || connection.sendAll(Array("0\r\n\r\n".utf8)) }
}
