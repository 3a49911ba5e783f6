import Formats
import Storage

/// Lets a client send one content without its token: clients of the Hub send none to the addresses that they are told to send
/// large files to. A ticket is for one target, for one who has a token, and for a day.
package struct UploadTickets: Sendable {
    private let secret: [UInt8]

    private static let life: Int64 = 86_400
    private static let mark = "&ticket="

    /// Makes a secret of its own: tickets end with the server.
    package init() {
        var generator = SystemRandomNumberGenerator()
        secret = (0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }

    /// What is appended to a target that has a query, so that its holder may send to it.
    func ticket(_ target: String, _ holder: AccessToken) -> String {
        let end = currentTime() / 1_000_000_000 + UploadTickets.life
        let added = "&user=\(RequestTarget.escaped(holder.name))&until=\(end)"
        return added + UploadTickets.mark + (seal(target + added, holder)?.hex ?? "")
    }

    /// Who a request with a ticket is from; `nil` where it has none that counts.
    func holder(_ head: RequestHead, _ tokens: [AccessToken]) -> AccessToken? {
        let text = head.target.text
        guard let name = head.target.first("user"), let ticket = head.target.first("ticket"),
            let end = head.target.first("until").flatMap({ Int64($0) }),
            end >= currentTime() / 1_000_000_000,
            let holder = tokens.first(where: { $0.name.hasSameBytes(as: name) }),
            text.hasUTF8Suffix(UploadTickets.mark + ticket),
            let signed = String(text.utf8.dropLast(UploadTickets.mark.utf8.count + ticket.utf8.count)),
            let sent = SHA256Digest(hex: ticket), seal(signed, holder)?.isSame(as: sent) == true
        else { return nil }
        return holder
    }

    /// HMAC's form, of a secret that has less bytes than a block of SHA-256. The token's digest is in it, so that a ticket ends
    /// with the token. `nil` where nothing can be hashed.
    private func seal(_ text: String, _ holder: AccessToken) -> SHA256Digest? {
        let block = secret + [UInt8](repeating: 0, count: 64 - secret.count)
        let message = holder.digest.bytes + Array(text.utf8)
        guard let inner = try? ContentHasher.sha256((block.map { $0 ^ 0x36 } + message).span) else {
            return nil
        }
        return try? ContentHasher.sha256((block.map { $0 ^ 0x5C } + inner.bytes).span)
    }
}
