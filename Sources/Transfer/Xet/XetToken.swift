import Formats
import Manifests

/// What the Hub gives to ask the store of Xet with: for one commit, and for some minutes (Xet protocol 1.1,
/// "Authentication").
struct XetToken: Sendable {
    /// Where the store is, without a slash at the end.
    let address: WebAddress
    /// What is sent there.
    let authorization: Secret
    /// When it ends, in seconds since 1970.
    let expires: Int

    /// Reads what the Hub answers; `nil` where that is no token, or where others could read it on its way to the store.
    /// - Parameter isLocal: whether the Hub is a stand-in on this machine. Its store may do without TLS; no other Hub
    ///   leads to what listens here.
    init?(_ json: JSON, isLocal: Bool) {
        guard let token = json["accessToken"]?.string, let expires = json["exp"]?.integer,
            let address = json["casUrl"]?.string.flatMap({ WebAddress($0) }),
            token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), !token.isEmpty,
            address.isSecure || (isLocal && address.isLoopback)
        else { return nil }
        self.address = address
        authorization = Secret("Bearer " + token)
        self.expires = expires
    }

    /// An address of the store.
    /// - Parameter path: begins with a slash.
    func at(_ path: String) -> WebAddress {
        var prefix = Array(address.target.utf8.prefix { $0 != UInt8(ascii: "?") })
        while prefix.last == UInt8(ascii: "/") { prefix.removeLast() }
        return address.at(String(decoding: prefix, as: UTF8.self) + path)
    }
}

extension HubClient {
    /// A token to read what a commit has in Xet.
    /// - Throws: ``HubRefusal`` and ``NetworkError``.
    func xetToken(_ repository: HubRepository, commit: String) throws -> XetToken {
        let (json, _) = try document(endpoint.xetToken(repository, commit: commit))
        guard let token = XetToken(json, isLocal: endpoint.address.isLoopback) else {
            throw NetworkError(
                .malformed, "\(endpoint.address.host) gives no token for Xet that can be used",
                isPassing: false)
        }
        return token
    }
}
