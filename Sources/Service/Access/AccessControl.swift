import Formats
import Storage

/// Lets through what may be asked: for this server, not from a page of another site, and with a token where tokens count.
package struct AccessControl: RequestHandler {
    private let inner: any RequestHandler
    private let hosts: HostRule
    private let tokens: [AccessToken]?
    private let tickets = UploadTickets()

    /// - Parameters:
    ///   - tokens: those that count; `nil` lets everybody in, which only a server on loopback should.
    ///   - inner: answers what is let through.
    package init(_ inner: any RequestHandler, hosts: HostRule, tokens: [AccessToken]?) {
        self.inner = inner
        self.hosts = hosts
        self.tokens = tokens
    }

    /// The answer of the handler inside, or a refusal.
    package func answer(_ request: Request) -> Response {
        guard hosts.accepts(request.head.host) else {
            return AccessControl.refusal(
                421, "this server is not called by that name: it has to be allowed when it starts")
        }
        let isSafe = request.head.method == "GET" || request.head.method == "HEAD"
        guard isSafe || !isFromAnotherSite(request.head) else {
            return AccessControl.refusal(403, "pages of other sites may not ask for this")
        }
        guard let tokens, !KaggleRequest.isUpload(request.head) else { return inner.answer(request) }
        let digest = AccessControl.token(request.head.fields["authorization"])
            .flatMap(AccessToken.digest(of:))
        let known = digest.flatMap { digest in tokens.first { $0.digest == digest } }
        guard let holder = known ?? tickets.holder(request.head, tokens) else {
            return AccessControl.refusal(401, "this server needs a token that it knows")
                .with("WWW-Authenticate", "Bearer realm=\"knapsack\"")
        }
        var told = request
        told.holder = holder
        told.tickets = tickets
        return inner.answer(told)
    }

    /// Whether a browser sends the request for a page of another origin: what the page may do to us with the rights of who
    /// looks at it, he never asked for.
    private func isFromAnotherSite(_ head: RequestHead) -> Bool {
        if let site = head.fields["sec-fetch-site"]?.lowercased() {
            return site != "same-origin" && site != "none"
        }
        guard let origin = head.fields["origin"], let host = head.host else { return false }
        let own = "://" + host.lowercased()
        return !origin.lowercased().hasUTF8Suffix(own)
    }

    /// The token of an `Authorization` field: behind `Bearer`, or the password of `Basic`, which is all that some clients send.
    static func token(_ value: String?) -> String? {
        guard let value else { return nil }
        let parts = value.utf8.split(separator: 0x20, maxSplits: 1)
        guard parts.count == 2 else { return nil }
        let text = String(decoding: HeaderFields.trimmed(Array(parts[1])[...]), as: UTF8.self)
        switch String(Substring(parts[0])).lowercased() {
        case "bearer": return text
        case "basic":
            guard let bytes = Base64.bytes(text), let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else {
                return nil
            }
            return String(validating: bytes[(colon + 1)...], as: UTF8.self)
        default: return nil
        }
    }

    private static func refusal(_ status: Int, _ text: String) -> Response {
        .refusal(status, text)
    }
}
