/// Sends the requests of searches, again where that may help, and not before the time that a service asked for.
package final class CatalogTransport: Sendable {
    private let http: HTTPClient
    private let retry: RetryPolicy
    private let cancellation: Cancellation
    private let gate = RequestGate()

    /// Puts a transport together; nothing is asked yet.
    package init(_ http: HTTPClient, _ retry: RetryPolicy, _ cancellation: Cancellation) {
        self.http = http
        self.retry = retry
        self.cancellation = cancellation
    }

    /// Sends a request. Redirects and refusals are answers.
    func send(_ request: HTTPRequest, to address: WebAddress) throws(NetworkError) -> HTTPResponse {
        try gate.wait(cancellation)
        return try http.send(request, to: address)
    }

    /// Does something, again where its error may pass.
    func again<Value>(_ body: () throws -> Value) throws -> Value {
        var failures = 0
        while true {
            do {
                return try body()
            } catch let error as NetworkError where error.isPassing && failures < retry.retries {
                failures += 1
                let pause = retry.pause(after: failures, chance: Double.random(in: 0...1))
                try RequestGate.sleep(seconds: pause, cancellation)
            }
        }
    }

    /// Ends the request where the answer is a refusal that may pass; the time is obeyed that the service asks for.
    func refusePassing(_ head: ResponseHead, _ host: String) throws(NetworkError) {
        switch head.status {
        case 408, 429, 500...599: break
        default: return
        }
        if let seconds = RateLimit.seconds(in: head) {
            guard seconds <= RetryPolicy.longestAsked else {
                throw NetworkError(
                    .malformed, "\(host) takes no more requests for \(Int(seconds)) seconds", isPassing: false
                )
            }
            gate.close(seconds: seconds)
        }
        throw NetworkError(.connection, "\(host) answered with status \(head.status)")
    }
}
