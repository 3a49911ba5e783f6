import Formats
package import Manifests
import Storage
import Synchronization

/// Asks one registry for one repository (OCI distribution specification 1.1), as whoever the credentials are of.
///
/// Credentials and the tokens that they give go to the registry and to the token service that it names, over TLS or within
/// this machine alone. Every call holds its thread until the answer begins.
package final class RegistryClient: Sendable {
    /// What is asked for.
    package let reference: RegistryReference
    /// Who asks; `nil` for nobody.
    let credentials: RegistryCredentials?
    /// Sends requests.
    let requester: Requester
    /// The registry, without a path.
    let address: WebAddress
    private let access: Mutex<Access>

    /// What is sent as `Authorization`, and how often that changed.
    private struct Access {
        var authorization: Secret?
        var generation = 0
        /// For what tokens are asked.
        var scopes: [String]
    }

    /// The largest document that is read, in bytes: manifests may have 4 MiB.
    static let documentLimit = 1 << 22
    /// The largest answer of a token service, in bytes.
    private static let tokenLimit = 1 << 20

    /// Puts a client together; nothing is asked yet.
    ///
    /// - Parameters:
    ///   - isPlain: whether the registry speaks HTTP without TLS.
    ///   - writes: whether something will be pushed.
    ///   - others: repositories of the same registry whose contents may be used.
    package init(
        _ reference: RegistryReference, credentials: RegistryCredentials?, isPlain: Bool, writes: Bool,
        others: [String] = [], _ requester: Requester
    ) throws(Diagnostics) {
        // Docker's own registry answers under another name than the one that everybody writes.
        let isDockerHub = ["docker.io", "index.docker.io"].contains {
            reference.authority.hasSameBytes(as: $0)
        }
        let host = isDockerHub ? "registry-1.docker.io" : reference.authority
        guard let address = WebAddress("\(isPlain ? "http" : "https")://\(host)/") else {
            throw Diagnostics(
                Diagnostic(
                    code: .usage, "\(reference.authority) is not the name of a host", verdict: .undecided))
        }
        self.reference = reference
        self.credentials = credentials
        self.requester = requester
        self.address = address
        let own = "repository:\(reference.repository):pull\(writes ? ",push" : "")"
        access = Mutex(Access(scopes: [own] + others.map { "repository:\($0):pull" }))
    }

    /// Whether a registry of this machine speaks HTTP without TLS, as those for tests do.
    /// - Throws: ``Diagnostics`` where nothing that answers there can be talked to.
    package static func isPlain(
        _ reference: RegistryReference, _ requester: Requester
    ) throws(Diagnostics) -> Bool {
        guard let address = WebAddress("https://\(reference.authority)/v2/"), address.isLoopback else {
            return false
        }
        do throws(NetworkError) {
            try requester.send(HTTPRequest(), to: address).discard()
            return false
        } catch {
            switch error.kind {
            case .certificate, .cancelled, .name, .proxy:
                throw Diagnostics(UploadFindings.common(error, "the registry", "the name of the registry"))
            default: return true
            }
        }
    }

    // MARK: Addresses

    /// The address of something of the repository, such as "blobs/sha256:…".
    func place(_ path: String) -> WebAddress { address.at("/v2/\(reference.repository)/\(path)") }

    /// The address of a content.
    func blob(_ digest: SHA256Digest) -> WebAddress { place("blobs/sha256:\(digest.hex)") }

    /// The address of a manifest, by its tag or its digest.
    func manifest(_ name: String) -> WebAddress { place("manifests/\(name)") }

    // MARK: Requests

    /// What is sent as `Authorization` to an address, if anything is.
    func authorization(for address: WebAddress) -> Secret? {
        guard address.hasSameOrigin(as: self.address) else { return nil }
        return access.withLock(\.authorization)
    }

    /// Sends a request, a second time where the registry wants to know who asks. Other refusals are answers.
    func send(_ request: HTTPRequest, to address: WebAddress) throws -> HTTPResponse {
        var request = request
        let generation = access.withLock(\.generation)
        request.authorization = authorization(for: address)
        let response = try requester.send(request, to: address)
        guard response.head.status == 401, address.hasSameOrigin(as: self.address) else { return response }
        response.discard()
        try renew(response.head, after: generation)
        request.authorization = authorization(for: address)
        return try requester.send(request, to: address)
    }

    /// Sends a request whose body is written as it is read.
    /// - Throws: an error that passes, where the registry wants another token.
    func send(
        _ request: HTTPRequest, to address: WebAddress, body: ((Span<UInt8>) throws -> Void) throws -> Void
    ) throws -> HTTPResponse {
        var request = request
        let generation = access.withLock(\.generation)
        request.authorization = authorization(for: address)
        let response = try requester.send(request, to: address, body: body)
        guard response.head.status == 401, address.hasSameOrigin(as: self.address) else { return response }
        response.discard()
        try renew(response.head, after: generation)
        throw NetworkError(.connection, "\(address.host) wants another token")
    }

    /// Reads a document; `nil` where the registry has none.
    /// - Throws: ``RegistryRefusal`` for other refusals.
    func document(_ address: WebAddress, accept: String) throws -> (bytes: [UInt8], type: String)? {
        try requester.patience.again {
            var request = HTTPRequest()
            request.accept = accept
            let response = try send(request, to: address)
            if response.head.status == 404 {
                response.discard()
                return nil
            }
            try refuse(response)
            let type = response.head["content-type"] ?? ""
            let plain = String(decoding: Array(type.utf8.prefix { $0 != UInt8(ascii: ";") }), as: UTF8.self)
            return (try response.body(limit: Self.documentLimit), plain)
        }
    }

    /// Whether the registry has something.
    func has(_ address: WebAddress, accept: String = "*/*") throws -> Bool {
        try requester.patience.again {
            var request = HTTPRequest()
            request.method = "HEAD"
            request.accept = accept
            let response = try send(request, to: address)
            response.discard()
            if response.head.status == 404 { return false }
            // Some registries send for the content to a store, which has it then.
            if response.head.isRedirect { return true }
            try refuse(response)
            return true
        }
    }

    /// Ends the work where an answer is a refusal.
    func refuse(_ response: HTTPResponse) throws {
        let head = response.head
        if (200..<300).contains(head.status) { return }
        try requester.refusePassing(head, address.host)
        guard (400..<500).contains(head.status) else {
            throw NetworkError(.malformed, "\(address.host) answered with status \(head.status)")
        }
        throw RegistryRefusal(response, isKnown: credentials != nil)
    }

    // MARK: Tokens

    /// Learns from a refusal what has to be sent.
    /// - Parameter generation: of the access with which it was refused: another thread may have renewed it by now.
    func renew(_ head: ResponseHead, after generation: Int? = nil) throws {
        let challenges = head.all("www-authenticate").flatMap { AuthenticationChallenge.parse($0) }
        var failure: (any Error)?
        access.withLock { access in
            if let generation, access.generation != generation { return }
            do {
                access.authorization = try answer(challenges, &access.scopes)
                access.generation += 1
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
    }

    private func answer(_ challenges: [AuthenticationChallenge], _ scopes: inout [String]) throws -> Secret {
        if let bearer = challenges.first(where: { $0.scheme.hasSameBytes(as: "bearer") }) {
            for scope in (bearer["scope"] ?? "").split(separator: " ").map(String.init)
            where !scopes.contains(where: { $0.hasSameBytes(as: scope) }) {
                scopes.append(scope)
            }
            return try token(bearer, scopes)
        }
        guard challenges.contains(where: { $0.scheme.hasSameBytes(as: "basic") }),
            case .basic(_, let secret)? = credentials?.content
        else { throw RegistryRefusal(status: 401, isKnown: credentials != nil) }
        guard address.isSecure || address.isLoopback else {
            throw RegistryRefusal.Withheld(origin: address.origin)
        }
        return secret
    }

    /// Asks the token service that the registry names (Docker's registry token specification; distribution v2).
    private func token(_ challenge: AuthenticationChallenge, _ scopes: [String]) throws -> Secret {
        guard let realm = challenge["realm"].flatMap({ WebAddress($0) }),
            realm.isSecure || !address.isSecure
        else { throw NetworkError(.malformed, "\(address.host) names no token service", isPassing: false) }
        if credentials != nil, !realm.isSecure, !realm.isLoopback {
            throw RegistryRefusal.Withheld(origin: realm.origin)
        }
        var pairs = [("service", challenge["service"] ?? "")].filter { !$0.1.isEmpty }
        var request = HTTPRequest()
        request.accept = "application/json"
        var target = realm
        func form() -> String {
            pairs.map { "\($0.0)=\(WebAddress.segment($0.1))" }.joined(separator: "&")
        }
        switch credentials?.content {
        case .identity(let secret)?:
            pairs += [
                ("grant_type", "refresh_token"), ("client_id", "knapsack"),
                ("scope", scopes.joined(separator: " ")), ("refresh_token", secret.reveal()),
            ]
            request.method = "POST"
            request.body = (Array(form().utf8), "application/x-www-form-urlencoded")
        case .basic(let user, let secret)?:
            pairs += [("account", user)] + scopes.map { ("scope", $0) }
            request.authorization = secret
            target = realm.at(
                realm.target + (realm.target.utf8.contains(UInt8(ascii: "?")) ? "&" : "?") + form())
        case nil:
            pairs += scopes.map { ("scope", $0) }
            target = realm.at(
                realm.target + (realm.target.utf8.contains(UInt8(ascii: "?")) ? "&" : "?") + form())
        }
        let (asked, place) = (request, target)
        return try requester.patience.again {
            let response = try requester.send(asked, to: place)
            let head = response.head
            guard (200..<300).contains(head.status) else {
                try requester.refusePassing(head, place.host)
                throw RegistryRefusal(response, isKnown: credentials != nil)
            }
            let json = try? JSON.parse(try response.body(limit: Self.tokenLimit))
            guard let token = json?["token"]?.string ?? json?["access_token"]?.string, !token.isEmpty,
                token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
            else { throw NetworkError(.malformed, "\(place.host) gives no token", isPassing: false) }
            return Secret("Bearer \(token)")
        }
    }
}
