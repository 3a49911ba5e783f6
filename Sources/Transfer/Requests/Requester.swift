import Formats

/// Sends requests to one service and to the stores that it names: on connections that are kept, and not before the time
/// that the service asked for. Every call holds its thread until the answer begins.
package final class Requester: Sendable {
    /// How long to go on trying.
    let patience: Patience
    private let http: HTTPClient
    private let gate = RequestGate()

    /// How many redirects are followed.
    static let redirects = 8

    /// Puts a requester together; nothing is asked yet.
    package init(_ http: HTTPClient, _ patience: Patience) {
        self.http = http
        self.patience = patience
    }

    /// Sends a request. Redirects and refusals are answers.
    func send(_ request: HTTPRequest, to address: WebAddress) throws(NetworkError) -> HTTPResponse {
        try gate.wait(patience.cancellation)
        return try http.send(request, to: address)
    }

    /// Sends a request whose body is written as it is read. Redirects and refusals are answers.
    func send(
        _ request: HTTPRequest, to address: WebAddress, body: ((Span<UInt8>) throws -> Void) throws -> Void
    ) throws -> HTTPResponse {
        try gate.wait(patience.cancellation)
        return try http.send(request, to: address, body: body)
    }

    /// Ends the request where the answer is a refusal that may pass: too many requests, or a server that is not well.
    ///
    /// The time is obeyed that the server asks for.
    func refusePassing(_ head: ResponseHead, _ host: String) throws(NetworkError) {
        switch head.status {
        case 408, 429, 500...599: break
        default: return
        }
        if let seconds = RateLimit.seconds(in: head) {
            guard seconds <= RetryPolicy.longestAsked else {
                throw NetworkError(.limited, "\(host) takes no more requests for \(Int(seconds)) seconds")
            }
            gate.close(seconds: seconds)
        }
        throw NetworkError(.connection, "\(host) answered with status \(head.status)")
    }
}
