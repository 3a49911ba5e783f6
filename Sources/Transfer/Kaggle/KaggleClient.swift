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
    let requester: Requester
    /// What is sent as `Authorization`, when it was made of what `kaggle auth login` left.
    private let authorization = Mutex<Secret?>(nil)

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
        try requester.patience.again {
            let response = try send(call, of: kind)
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
    }

    /// Sends a call once.
    /// - Returns: its answer, which is no refusal by its status; it may be a redirect.
    /// - Parameter signsIn: false for the call that makes a token.
    func send(_ call: KaggleCall, of kind: KaggleHandle.Kind?, signsIn: Bool = true) throws -> HTTPResponse {
        let address = endpoint.method(call)
        var request = HTTPRequest()
        request.method = "POST"
        request.body = (Array(call.arguments.compactText.utf8), "application/json")
        request.accept = "application/json"
        if signsIn { request.authorization = try authorization(for: address) }
        let response = try requester.send(request, to: address)
        guard response.head.status >= 400 else { return response }
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
        case .refreshToken(let token):
            return try authorization.withLock { known in
                if let known { return known }
                let secret = Secret("Bearer " + (try accessToken(for: token)))
                known = secret
                return secret
            }
        }
    }

    private func accessToken(for refreshToken: Secret) throws -> String {
        let call = KaggleCall.accessToken(for: refreshToken)
        return try requester.patience.again {
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
            return token
        }
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
