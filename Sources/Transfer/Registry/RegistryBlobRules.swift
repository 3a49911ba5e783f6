import Formats
import Manifests
import Storage

/// What a registry states of a content beside its bytes.
struct RegistryBlobRules: WebFileRules {
    /// Knows who asks.
    let client: RegistryClient
    /// The content.
    let digest: SHA256Digest
    let name: String

    var request: (HTTPRequest, WebAddress) { (HTTPRequest(), client.blob(digest)) }

    func isOwn(_ address: WebAddress) -> Bool { address.hasSameOrigin(as: client.address) }

    func authorization(for address: WebAddress) -> Secret? { client.authorization(for: address) }

    func check(_ head: ResponseHead, from address: WebAddress) throws(TransferFailure) {
        guard isOwn(address), let stated = head["docker-content-digest"],
            let other = RegistryReference.digest(stated), other != digest
        else { return }
        throw TransferFailure(.changed("its digest is sha256:\(other.hex)"), file: name)
    }

    /// A token that has run out is renewed: then the next request is not refused.
    func refusal(_ head: ResponseHead, isKnown: Bool) -> (any ServiceRefusal)? {
        if head.status == 401, (try? client.renew(head)) != nil { return nil }
        return RegistryRefusal.final(head, isKnown: client.credentials != nil)
    }
}

extension RegistryRefusal {
    /// The refusal that an answer is; `nil` for a status that may pass.
    fileprivate static func final(_ head: ResponseHead, isKnown: Bool) -> RegistryRefusal? {
        [401, 403, 404].contains(head.status) ? RegistryRefusal(status: head.status, isKnown: isKnown) : nil
    }
}
