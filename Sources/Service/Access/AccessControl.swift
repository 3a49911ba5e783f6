import Formats
import Storage

/// Lets through what may be asked: for this server, not from a page of another site, and with a token where tokens count.
package struct AccessControl: RequestHandler {
    private let inner: any RequestHandler
    private let hosts: HostRule
    private let tokens: TokenStore?
    private let rules: Rules
    private let tickets = UploadTickets()

    /// What else holds for clients.
    package struct Rules: Sendable {
        /// Whether those without a token may read what is public.
        package var isPublic = false
        /// How often one client may ask; `nil` as often as he wants.
        package var requests: RateLimiter?
        /// How often an address may try tokens that nobody has.
        package var failures = RateLimiter(perMinute: 20)
        /// Where it is noted what was done; `nil` for nowhere.
        package var audit: AuditLog?

        /// No limits, and nothing for those without a token.
        package init() {}
    }

    /// - Parameters:
    ///   - tokens: those that count; `nil` lets everybody in, which only a server on loopback should.
    ///   - inner: answers what is let through.
    package init(
        _ inner: any RequestHandler, hosts: HostRule, tokens: TokenStore?, rules: Rules = Rules()
    ) {
        self.inner = inner
        self.hosts = hosts
        self.tokens = tokens
        self.rules = rules
    }

    /// The answer of the handler inside, or a refusal.
    package func answer(_ request: Request) -> Response {
        guard hosts.accepts(request.head.host) else {
            return AccessControl.refusal(
                421, "this server is not called by that name: it has to be allowed when it starts")
        }
        guard request.isReading || !AccessControl.isFromAnotherSite(request.head) else {
            return AccessControl.refusal(403, "pages of other sites may not ask for this")
        }
        guard let tokens else { return pass(request, name: nil) }
        if KaggleRequest.isUpload(request.head) { return upload(request) }
        let attempt = AccessControl.token(request.head.fields["authorization"])
        var told = request
        let known = tokens.current()
        if let holder = TokenStore.holder(of: attempt, among: known) ?? tickets.holder(request.head, known) {
            told.holder = holder
            told.tickets = tickets
            return pass(told, name: "token " + holder.name)
        }
        if attempt == nil, rules.isPublic, AccessControl.isOpen(request) {
            told.holder = .anonymous
            return pass(told, name: nil)
        }
        return refuse(request, isAttempt: attempt != nil)
    }

    /// Hands an upload on, whose client is known by the token in its path. Tokens that nobody has are counted as others are, so
    /// that they can neither be guessed nor fill the log.
    private func upload(_ request: Request) -> Response {
        let network = ClientNetwork.name(request.peer)
        let response = pass(request, name: nil, isNoted: { $0.status != 404 })
        guard response.status == 404 else { return response }
        if let wait = rules.failures.take(network) { return AccessControl.later(wait) }
        rules.audit?.note("login-failed", request, holder: nil, response)
        return response
    }

    /// Hands a request on, if its client has not asked too often.
    /// - Parameter name: who is counted; `nil` counts the address.
    /// - Parameter isNoted: whether an answer is noted of what would change something.
    private func pass(
        _ request: Request, name: String?, isNoted: (Response) -> Bool = { _ in true }
    ) -> Response {
        if let wait = rules.requests?.take(name ?? ClientNetwork.name(request.peer)) {
            return AccessControl.later(wait)
        }
        guard let audit = rules.audit else { return inner.answer(request) }
        // What cannot be noted is not done.
        guard request.isReading || audit.works() else {
            return AccessControl.refusal(503, "nothing can be changed: the audit log cannot be written")
                .with("Retry-After", "60")
        }
        let response = inner.answer(request)
        let holder = request.holder.flatMap { $0.isAnonymous ? nil : $0.name }
        if !request.isReading {
            guard isNoted(response) else { return response }
            audit.note(
                request.head.method == "DELETE" ? "delete" : "write", request, holder: holder, response)
        } else if holder != nil {
            audit.note("use", request, holder: holder, response)
        }
        return response
    }

    /// Refuses a client without a token that counts. Who has one is let in from the same address all the same.
    private func refuse(_ request: Request, isAttempt: Bool) -> Response {
        let network = ClientNetwork.name(request.peer)
        if let wait = isAttempt ? rules.failures.take(network) : rules.requests?.take(network) {
            return AccessControl.later(wait)
        }
        let response = AccessControl.refusal(401, "this server needs a token that it knows")
            .with("WWW-Authenticate", "Bearer realm=\"knapsack\"")
        if isAttempt { rules.audit?.note("login-failed", request, holder: nil, response) }
        return response
    }

    /// Whether a request is for what knows of models that are public: only that is open to those without a token.
    private static func isOpen(_ request: Request) -> Bool {
        let segments = request.head.target.segments
        guard request.isReading, let first = segments.first else { return false }
        // Below "docs" is what the Hub has of an organization of that name.
        return first.hasSameBytes(as: "ai-models")
            || (segments.count == 1 && ["openapi.json", "docs"].containsExactly(first))
    }

    private static func later(_ seconds: Int) -> Response {
        refusal(429, "this was asked for too often").with("Retry-After", String(seconds))
    }

    /// Whether a browser sends the request for a page of another origin: what the page may do to us with the rights of who
    /// looks at it, he never asked for.
    static func isFromAnotherSite(_ head: RequestHead) -> Bool {
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
