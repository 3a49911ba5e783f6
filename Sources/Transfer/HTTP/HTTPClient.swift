import Formats
import Storage
import Synchronization

/// What is asked of a server.
struct HTTPRequest: Sendable {
    /// "GET", "HEAD", "POST" or "PUT".
    var method = "GET"
    /// What is sent with the request, and its type, such as "application/json".
    var body: (bytes: [UInt8], type: String)?
    /// The bytes that are wanted; `nil` for all.
    var range: Range<Int>?
    /// What is sent as `Authorization`; only the caller knows for whom it is.
    var authorization: Secret?
    /// What is sent as `Accept`.
    var accept = "*/*"
    /// How many bytes follow that are not in ``body``; `nil` for a request without such bytes.
    var length: Int?
    /// What is sent as `Content-Range`: which bytes of how many follow.
    var contentRange: String?

    /// Whether the server may be asked twice. What may not be is never sent on a connection that was idle: where that ends
    /// without an answer, nobody knows whether the request arrived.
    var isRepeatable = true

    /// A GET of everything, by nobody.
    init() {}
}

/// Sends requests to servers, and keeps connections for those that follow. One request holds the thread that sends it
/// until its answer begins.
package final class HTTPClient: Sendable {
    private let settings: ConnectionSettings
    private let proxies: ProxySettings
    private let userAgent: String
    private let idle = Mutex<[ExactName: [HTTPConnection]]>([:])

    /// The most connections to one server that are kept while nobody uses them.
    private static let kept = 64

    /// - Parameters:
    ///   - environment: names proxies and certificates of authorities.
    ///   - userAgent: what the client calls itself, such as "knapsack/1.0".
    ///   - silenceSeconds: how long a server may send nothing.
    package init(
        environment: [String: String], userAgent: String, silenceSeconds: Double, cancellation: Cancellation
    ) {
        settings = ConnectionSettings(
            connectSeconds: min(15, max(1, silenceSeconds)), silenceSeconds: silenceSeconds,
            trust: Trust(environment: environment), cancellation: cancellation)
        proxies = ProxySettings(environment: environment)
        self.userAgent = userAgent
    }

    /// Sends a request and waits for the head of its answer. Redirects are answers.
    ///
    /// A connection that the server ended while nobody used it is not an error: the request is sent on another one.
    func send(_ request: HTTPRequest, to address: WebAddress) throws(NetworkError) -> HTTPResponse {
        let proxy = try proxies.proxy(for: address)
        let key = ExactName(address.origin)
        let bytes = text(of: request, to: address, proxy)
        while request.isRepeatable, let connection = takeIdle(key) {
            do throws(NetworkError) {
                return try answer(connection, bytes, request, key)
            } catch {
                guard error.kind == .dropped, !connection.hasAnswered else { throw error }
            }
        }
        let connection = try HTTPConnection(to: address, through: proxy, settings)
        return try answer(connection, bytes, request, key)
    }

    /// Sends a request whose body is written as it is read, and waits for the head of its answer.
    ///
    /// - Parameter body: hands over as many bytes as the request states in ``HTTPRequest/length``. It is called once, also
    ///   where the server ends the connection: how much of it the server has, only the caller can ask.
    /// - Throws: ``NetworkError``, and what `body` throws: then the connection is given up, and the server has not got all.
    func send(
        _ request: HTTPRequest, to address: WebAddress, body: ((Span<UInt8>) throws -> Void) throws -> Void
    ) throws -> HTTPResponse {
        let proxy = try proxies.proxy(for: address)
        let key = ExactName(address.origin)
        let head = text(of: request, to: address, proxy)
        let connection = try takeIdle(key) ?? HTTPConnection(to: address, through: proxy, settings)
        return try answer(connection, head, request, key, body)
    }

    private func answer(
        _ connection: HTTPConnection, _ head: [UInt8], _ request: HTTPRequest, _ key: ExactName,
        _ body: ((Span<UInt8>) throws -> Void) throws -> Void
    ) throws -> HTTPResponse {
        try connection.send(head)
        do {
            try body { bytes in try connection.send(body: bytes) }
        } catch let error as NetworkError where error.kind == .dropped {
            // Who does not want the rest may have answered before hanging up.
            guard let early = try? response(connection, request, key) else { throw error }
            return early
        }
        return try response(connection, request, key)
    }

    private func answer(
        _ connection: HTTPConnection, _ bytes: [UInt8], _ request: HTTPRequest, _ key: ExactName
    ) throws(NetworkError) -> HTTPResponse {
        try connection.send(bytes)
        return try response(connection, request, key)
    }

    private func response(
        _ connection: HTTPConnection, _ request: HTTPRequest, _ key: ExactName
    ) throws(NetworkError) -> HTTPResponse {
        let head = try connection.readHead()
        let framing = try BodyFraming.of(head, isHead: request.method == "HEAD")
        let stays =
            head.isPersistent && !head.all("connection").contains { $0.lowercased().containsUTF8("close") }
        return HTTPResponse(head: head, framing: framing, connection) { [self] connection in
            if stays, framing != .untilClose { put(connection, key) }
        }
    }

    private func text(of request: HTTPRequest, to address: WebAddress, _ proxy: ProxySettings.Proxy?)
        -> [UInt8]
    {
        let isHanded = proxy != nil && !address.isSecure
        var text = "\(request.method) \(isHanded ? address.origin : "")\(address.target) HTTP/1.1\r\n"
        text += "Host: \(address.authority)\r\nUser-Agent: \(userAgent)\r\nAccept: \(request.accept)\r\n"
        text += "Accept-Encoding: identity\r\n"
        if let range = request.range, !range.isEmpty {
            text += "Range: bytes=\(range.lowerBound)-\(range.upperBound - 1)\r\n"
        }
        if let authorization = request.authorization {
            text += "Authorization: \(authorization.reveal())\r\n"
        }
        if isHanded, let authorization = proxy?.authorization {
            text += "Proxy-Authorization: \(authorization.reveal())\r\n"
        }
        if let range = request.contentRange { text += "Content-Range: \(range)\r\n" }
        if let length = request.length {
            text += "Content-Type: application/octet-stream\r\nContent-Length: \(length)\r\n"
        }
        if let body = request.body {
            text += "Content-Type: \(body.type)\r\nContent-Length: \(body.bytes.count)\r\n"
        }
        return Array((text + "\r\n").utf8) + (request.body?.bytes ?? [])
    }

    private func takeIdle(_ key: ExactName) -> HTTPConnection? {
        while let connection = idle.withLock({ $0[key]?.popLast() }) {
            if connection.isReusable() { return connection }
        }
        return nil
    }

    private func put(_ connection: HTTPConnection, _ key: ExactName) {
        guard connection.isReusable() else { return }
        idle.withLock { idle in
            if idle[key, default: []].count < HTTPClient.kept { idle[key, default: []].append(connection) }
        }
    }
}
