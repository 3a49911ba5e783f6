import Formats

/// A request that a handler answers, in the thread that calls it.
package struct Request {
    /// The first line and the fields.
    package let head: RequestHead
    /// What follows them, read as the handler wants it.
    package let body: RequestBody
    /// The client's address.
    package let peer: String
    /// Whose token came with it; `nil` where no tokens are asked for, and everybody may everything. One without a token, where
    /// those are let in to read, is ``AccessToken/anonymous``.
    package var holder: AccessToken?
    /// What lets the holder send contents without the token; `nil` where no tokens are asked for.
    package var tickets: UploadTickets?

    /// What is appended to a target that has a query, so that the holder may send to it; `nil` where nothing is needed.
    func ticket(_ target: String) -> String? {
        guard let holder, let tickets else { return nil }
        return tickets.ticket(target, holder)
    }

    /// Whether it came through TLS.
    package var isEncrypted = false

    /// What addresses of this server begin with, as the client calls it, without a slash at the end.
    var base: String { "\(isEncrypted ? "https" : "http")://\(head.host ?? "localhost")" }

    /// Whether it only reads.
    package var isReading: Bool { head.method == "GET" || head.method == "HEAD" }

    /// Whether the client sees all that somebody has, and not only what of it is public.
    package func seesAll(of owner: String) -> Bool { holder.owns(owner) }

    /// Whether only the head of the answer is wanted.
    package var isHead: Bool { head.method == "HEAD" }
}

/// What answers requests. Many threads call it at once.
package protocol RequestHandler: Sendable {
    /// The answer to a request. It may block: the thread is the request's own.
    func answer(_ request: Request) -> Response
}

/// What the server tells of a request that was answered.
package struct AnsweredRequest: Sendable {
    /// The client's address.
    package let peer: String
    /// The method and the target as they were sent; "-" for what could not be read.
    package let request: String
    /// The status of the answer.
    package let status: Int
    /// The bytes of the body that were sent.
    package let bytes: Int
    /// How long it took, in microseconds.
    package let microseconds: Int
    /// Whether the answer went out whole.
    package let isWhole: Bool
}
