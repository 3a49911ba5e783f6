import Formats
import Storage

/// One connection to a server or a proxy, on which one request follows another.
final class HTTPConnection: @unchecked Sendable {
    // SAFETY: a connection has one owner at a time, a response or the pool, and goes from one to the other as a whole.
    private let stream: NetworkStream
    private let name: String
    private var buffer = Buffer(count: 1 << 16)
    private var start = 0
    private var end = 0
    /// Whether anything was read of the answer to the last request.
    private(set) var hasAnswered = false

    /// Connects to a server, through a proxy if one is given: its whole requests are handed to a proxy for http, and a
    /// tunnel is asked of it for https.
    init(
        to address: WebAddress, through proxy: ProxySettings.Proxy?, _ settings: ConnectionSettings
    ) throws(NetworkError) {
        name = address.host
        stream = try NetworkStream(
            host: proxy?.host ?? address.host, port: proxy?.port ?? address.port, settings)
        guard address.isSecure else { return }
        if let proxy { try openTunnel(to: address, proxy) }
        try stream.startTLS(host: address.host)
    }

    private func openTunnel(to address: WebAddress, _ proxy: ProxySettings.Proxy) throws(NetworkError) {
        let host = address.host.utf8.contains(UInt8(ascii: ":")) ? "[\(address.host)]" : address.host
        var text = "CONNECT \(host):\(address.port) HTTP/1.1\r\nHost: \(host):\(address.port)\r\n"
        if let authorization = proxy.authorization {
            text += "Proxy-Authorization: \(authorization.reveal())\r\n"
        }
        try send(Array((text + "\r\n").utf8))
        let head = try readHead()
        guard (200..<300).contains(head.status) else {
            let why = head.status == 407 ? "wants a name and a password" : "answered \(head.status)"
            throw NetworkError(
                .proxy, "the proxy \(proxy.host):\(proxy.port) opens no way to \(address.host): it \(why)",
                isPassing: head.status >= 500)
        }
    }

    /// Sends a request.
    func send(_ bytes: [UInt8]) throws(NetworkError) {
        hasAnswered = false
        try stream.write(bytes.span)
    }

    /// Sends a part of the body of a request whose head was sent.
    func send(body bytes: Span<UInt8>) throws(NetworkError) { try stream.write(bytes) }

    /// Whether another request may be sent: nothing of the last answer is left, and nothing came since.
    func isReusable() -> Bool { start == end && stream.isQuiet() }

    /// Reads the head of the answer, after any of those that only announce it (1xx).
    func readHead() throws(NetworkError) -> ResponseHead {
        for _ in 0..<10 {
            let head = try ResponseHead.parse(try readLines())
            if head.status >= 200 || head.status == 101 { return head }
        }
        throw NetworkError(.malformed, "\(name) announces an answer again and again")
    }

    /// All bytes up to an empty line.
    private func readLines() throws(NetworkError) -> [UInt8] {
        var lines: [UInt8] = []
        while true {
            let line = try readLine(limit: ResponseHead.limit - lines.count)
            if line.isEmpty {
                if lines.isEmpty { continue }
                return lines
            }
            lines += line
            lines.append(UInt8(ascii: "\n"))
        }
    }

    /// The bytes up to a line break, which is not among them.
    func readLine(limit: Int) throws(NetworkError) -> [UInt8] {
        var line: [UInt8] = []
        while true {
            if start == end { try fill() }
            let (found, length) = buffer.withBytes(end) { bytes in
                var index = start
                while index < bytes.count, bytes[index] != UInt8(ascii: "\n") { index += 1 }
                for position in start..<index { line.append(bytes[position]) }
                return (index < bytes.count, index - start)
            }
            start += length + (found ? 1 : 0)
            guard line.count <= limit else {
                throw NetworkError(.malformed, "\(name) sent a line without an end")
            }
            guard found else { continue }
            if line.last == UInt8(ascii: "\r") { line.removeLast() }
            return line
        }
    }

    /// Reads bytes of the body as they come.
    ///
    /// - Parameters:
    ///   - target: receives them from `offset` on.
    ///   - count: the most that are taken; there is room for so many.
    /// - Returns: how many there were, 0 where the server has ended the connection.
    func read(into target: borrowing Buffer, at offset: Int, count: Int) throws(NetworkError) -> Int {
        guard count > 0, offset >= 0, offset + count <= target.count else { return 0 }
        if start < end {
            let part = min(count, end - start)
            // SAFETY: both ranges are in their buffers, which are two.
            unsafe (target.base + offset).copyMemory(from: buffer.base + start, byteCount: part)
            start += part
            return part
        }
        // SAFETY: offset + count is in the buffer, as was just asked.
        let part = try unsafe stream.read(into: target.base + offset, count: count)
        hasAnswered = hasAnswered || part > 0
        return part
    }

    private func fill() throws(NetworkError) {
        start = 0
        end = 0
        end = try unsafe stream.read(into: buffer.base, count: buffer.count)
        guard end > 0 else {
            throw NetworkError(
                .dropped,
                hasAnswered
                    ? "the connection to \(name) ended in the middle of the answer"
                    : "\(name) ended the connection without an answer")
        }
        hasAnswered = true
    }
}
