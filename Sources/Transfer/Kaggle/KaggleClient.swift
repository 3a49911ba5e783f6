import Caches
import Formats
import Manifests
import Storage
import Synchronization

/// Asks Kaggle, again where that may help. Every call holds its thread until the answer is there.
package final class KaggleClient: Sendable {
    /// Where Kaggle is.
    package let endpoint: KaggleEndpoint
    /// Who asks, if it is known.
    package let credentials: KaggleCredentials?
    /// Sends what is asked.
    let requester: Requester
    /// The token that is sent, where `kaggle auth login` left what leads to it.
    private let session = Mutex(Session())

    private struct Session {
        var token: Secret?
        /// The steady time at which Kaggle gave the token, in nanoseconds; `nil` where it is the file's.
        var renewed: Int64?
    }

    /// The most bytes of one page of a list.
    static let pageLimit = 1 << 26
    /// The most bytes of an answer that is a refusal.
    private static let refusalLimit = 1 << 20

    /// Puts a client together; nothing is asked yet.
    package init(endpoint: KaggleEndpoint, credentials: KaggleCredentials?, _ requester: Requester) {
        self.endpoint = endpoint
        self.credentials = credentials
        self.requester = requester
    }

    /// What a call answers.
    /// - Parameter limit: the most bytes that the answer may have.
    /// - Throws: ``KaggleRefusal`` and ``NetworkError``.
    func answer(_ call: KaggleCall, of kind: KaggleHandle.Kind?, limit: Int = pageLimit) throws -> JSON {
        try requester.patience.again { try answerOnce(call, of: kind, isRepeatable: true, limit: limit) }
    }

    /// What a call answers that is sent once, whatever comes of it.
    /// - Parameters:
    ///   - isRepeatable: whether it does no harm if it arrives twice.
    ///   - limit: the most bytes that the answer may have.
    func answerOnce(
        _ call: KaggleCall, of kind: KaggleHandle.Kind?, isRepeatable: Bool, limit: Int = pageLimit
    ) throws -> JSON {
        let response = try send(call, of: kind, isRepeatable: isRepeatable)
        let bytes = try response.body(limit: limit)
        guard let json = try? JSON.parse(bytes) else {
            throw NetworkError(
                .malformed, "what \(endpoint.address.host) answers to \(call.method) is no JSON")
        }
        // An error may come with any status (kagglesdk, `kaggle_http_client.py`).
        if let code = json["code"]?.integer, code >= 400 {
            throw try refusal(code, json, response.head, of: kind, isKnown: credentials != nil)
        }
        return json
    }

    /// Sends a call once, or twice where its token is renewed in between.
    /// - Returns: its answer, which is no refusal by its status; it may be a redirect.
    /// - Parameters:
    ///   - signsIn: false for the call that makes a token.
    ///   - isRepeatable: whether it does no harm if it arrives twice.
    func send(
        _ call: KaggleCall, of kind: KaggleHandle.Kind?, signsIn: Bool = true, isRepeatable: Bool = true
    ) throws -> HTTPResponse {
        let address = endpoint.method(call)
        var request = HTTPRequest()
        request.method = "POST"
        request.body = (Array(call.arguments.compactText.utf8), "application/json")
        request.accept = "application/json"
        request.isRepeatable = isRepeatable
        if signsIn { request.authorization = try authorization(for: address) }
        let response = try requester.send(request, to: address)
        guard response.head.status >= 400 else { return response }
        if response.head.status == 401, let refused = request.authorization, try renew(refused) {
            response.discard()
            return try send(call, of: kind, isRepeatable: isRepeatable)
        }
        let bytes = (try? response.body(limit: KaggleClient.refusalLimit)) ?? []
        let json = (try? JSON.parse(bytes)) ?? .null
        throw try refusal(
            response.head.status, json, response.head, of: kind, isKnown: request.authorization != nil)
    }

    /// The error that a refusal is, where it does not pass.
    private func refusal(
        _ status: Int, _ json: JSON, _ head: ResponseHead, of kind: KaggleHandle.Kind?, isKnown: Bool
    ) throws(NetworkError) -> KaggleRefusal {
        try requester.refusePassing(head, endpoint.address.host)
        return KaggleRefusal(
            status: status, message: json["message"]?.string ?? "", of: kind, isKnown: isKnown)
    }

    /// What is sent as `Authorization` to an address, if anything is.
    func authorization(for address: WebAddress) throws -> Secret? {
        guard endpoint.mayHaveCredentials(address), let credentials else { return nil }
        switch credentials.content {
        case .authorization(let secret): return secret
        case .login(let login):
            return try session.withLock { session in
                if session.token == nil { session.token = login.accessToken.map(KaggleClient.bearer) }
                if let token = session.token { return token }
                let token = try renewed(login, &session)
                session.token = token
                return token
            }
        }
    }

    /// Gets another token for one that was refused: it may have run out in the middle, or be revoked.
    /// - Returns: whether there is another one now.
    private func renew(_ refused: Secret) throws -> Bool {
        guard case .login(let login) = credentials?.content else { return false }
        return try session.withLock { session in
            // Another thread has renewed it.
            guard session.token?.reveal().hasSameBytes(as: refused.reveal()) == true else { return true }
            if let time = session.renewed, steadyTime() - time < KaggleClient.leastLife { return false }
            session.token = try renewed(login, &session)
            return true
        }
    }

    /// A token that is refused sooner than this after Kaggle gave it is not renewed again, in nanoseconds.
    private static let leastLife: Int64 = 60_000_000_000

    private static func bearer(_ token: Secret) -> Secret { Secret("Bearer " + token.reveal()) }

    /// Exchanges what `kaggle auth login` left for a token, and writes it to the file as the client does, so that the next
    /// run needs none.
    private func renewed(_ login: KaggleLogin, _ session: inout Session) throws -> Secret {
        let call = KaggleCall.accessToken(for: login.refreshToken)
        let renewed = try requester.patience.again {
            let json: JSON
            do {
                let response = try send(call, of: nil, signsIn: false)
                json = (try? JSON.parse(response.body(limit: KaggleClient.refusalLimit))) ?? .null
            } catch is KaggleRefusal {
                throw KaggleRefusal(.credentialsWrong)
            }
            guard let token = json["token"]?.string, !token.isEmpty,
                token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
            else { throw KaggleRefusal(.credentialsWrong) }
            return KaggleLogin.Renewed(token: Secret(token), seconds: json["expiresIn"]?.integer ?? 0)
        }
        login.keep(renewed)
        session.renewed = steadyTime()
        return KaggleClient.bearer(renewed.token)
    }
}

// What there is of a handle.
extension KaggleClient {
    /// The handle with the version that is current, if it has none.
    func versioned(_ handle: KaggleHandle) throws -> KaggleHandle {
        guard handle.version == nil, let (call, member) = KaggleCall.currentVersion(handle) else {
            return handle
        }
        let json = try answer(call, of: handle.kind)
        var value: JSON? = json
        for name in member { value = value?[name] }
        guard let version = value?.integer, version > 0 else {
            throw NetworkError(
                .malformed, "\(endpoint.address.host) states no current version of \(handle.text)",
                isPassing: false)
        }
        return handle.with(version: version)
    }

    /// All files of a version; `nil` for notebooks, whose files are not listed.
    /// - Throws: ``KaggleRefusal`` and ``NetworkError``.
    func files(_ handle: KaggleHandle) throws -> [KaggleFile]? {
        guard handle.kind != .notebook else { return nil }
        var listing = KaggleListingReader(handle)
        while let call = listing.next() {
            try listing.take(answer(call, of: handle.kind), from: endpoint.address.host)
        }
        return listing.files
    }

    /// The refusal as it is meant: of a version that is not there, where the thing itself is.
    func refined(_ refusal: KaggleRefusal, _ handle: KaggleHandle) -> KaggleRefusal {
        guard refusal.kind == .notFound, handle.version != nil,
            let current = try? versioned(handle.with(version: nil)).version
        else { return refusal }
        return KaggleRefusal(.versionNotFound(current: current))
    }
}
