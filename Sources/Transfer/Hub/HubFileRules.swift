import Formats
import Storage

/// What the Hub states of a file beside its bytes.
struct HubFileRules: WebFileRules {
    /// Knows what the Hub's refusals mean.
    let client: HubClient
    /// Where the file is asked for.
    let address: WebAddress
    /// What the file has to be.
    let identity: BlobIdentity
    let name: String

    var request: (HTTPRequest, WebAddress) { (HTTPRequest(), address) }

    func isOwn(_ address: WebAddress) -> Bool { address.hasSameOrigin(as: client.endpoint.address) }

    func authorization(for address: WebAddress) -> Secret? { client.authorization(for: address) }

    /// The Hub's own answers state what the file is (huggingface_hub 2.4, `get_hf_file_metadata`); what a store calls its
    /// copy states nothing.
    func check(_ head: ResponseHead, from address: WebAddress) throws(TransferFailure) {
        guard isOwn(address) else { return }
        let isRedirect = head.status >= 300
        let etag = head["x-linked-etag"] ?? (isRedirect ? nil : head["etag"])
        if let etag {
            let name = ETag.name(etag)
            // Anything else is a mirror's own, which states nothing of the content.
            let isDigest = SHA256Digest(hex: name) != nil || GitBlobDigest(hex: name) != nil
            if isDigest, !name.hasSameBytes(as: identity.name) {
                throw changed("its etag is \(name), and the list of files states \(identity.name)")
            }
        }
        if let size = head["x-linked-size"].flatMap({ Digits.value($0) }), size != identity.size {
            throw changed("it has \(size) bytes, and the list of files states \(identity.size)")
        }
    }

    func refusal(_ head: ResponseHead, isKnown: Bool) -> (any ServiceRefusal)? {
        HubRefusal(head, isKnown: isKnown)
    }

    private func changed(_ how: String) -> TransferFailure { TransferFailure(.changed(how), file: name) }
}
