import Formats
import Synchronization

/// What a service knows of a file of its own, beside what HTTP knows of every file.
protocol WebFileRules: Sendable {
    /// The request for the file, without a range, and to whom it goes.
    var request: (HTTPRequest, WebAddress) { get }

    /// Whether an address is the service's own, and not that of a store to which it redirects.
    func isOwn(_ address: WebAddress) -> Bool

    /// What is sent as `Authorization` to an address, if anything is.
    func authorization(for address: WebAddress) -> Secret?

    /// Compares what an answer that is no refusal states of the file with what was listed.
    func check(_ head: ResponseHead, from address: WebAddress) throws(TransferFailure)

    /// The service's refusal in an answer of its own that does not pass; `nil` where there is none.
    func refusal(_ head: ResponseHead, isKnown: Bool) -> (any ServiceRefusal)?
}

/// A file that a service gives by HTTP, itself or from a store to which it redirects.
final class WebFile: BlobSource {
    private let rules: any WebFileRules
    private let requester: Requester
    private let size: Int
    private let name: String
    /// Where the service sent for the file last: a signed address, which holds for a while.
    private let store = Mutex<WebAddress?>(nil)

    /// - Parameters:
    ///   - size: the size that was listed, in bytes.
    ///   - name: what sentences call the file.
    init(_ rules: any WebFileRules, size: Int, name: String, _ requester: Requester) {
        self.rules = rules
        self.requester = requester
        self.size = size
        self.name = name
    }

    var patience: Patience { requester.patience }

    func open(_ range: Range<Int>?) throws -> BlobAnswer {
        var (request, address) = rules.request
        if let known = store.withLock({ $0 }) { (request, address) = (HTTPRequest(), known) }
        var isSecure = address.isSecure
        var isNew = false
        for _ in 0...Requester.redirects {
            request.range = range
            request.authorization = rules.authorization(for: address)
            let response = try requester.send(request, to: address)
            let head = response.head
            if head.status < 400 { try rules.check(head, from: address) }
            if head.isRedirect {
                response.discard()
                let target = try target(of: head, from: address, mustBeSecure: isSecure)
                (request, address) = (HTTPRequest(), target)
                isSecure = target.isSecure
                isNew = true
                if !rules.isOwn(target) { store.withLock { $0 = target } }
                continue
            }
            if head.status < 400 || head.status == 416 {
                return try BlobAnswer(response, asked: range, from: address, size: size, name: name)
            }
            try refuse(head, address, isKnown: request.authorization != nil, isNew: isNew)
        }
        throw NetworkError(.malformed, "\(rules.request.1) leads in a circle", isPassing: false)
    }

    private func target(
        of head: ResponseHead, from address: WebAddress, mustBeSecure: Bool
    ) throws(NetworkError) -> WebAddress {
        guard let target = head["location"].flatMap({ address.resolving($0) }) else {
            throw NetworkError(.malformed, "\(address) leads nowhere")
        }
        guard target.isSecure || !mustBeSecure else {
            throw NetworkError(.malformed, "\(address) leads out of TLS, to \(target)", isPassing: false)
        }
        return target
    }

    /// - Parameter isNew: whether the service sent to this address a moment ago.
    private func refuse(
        _ head: ResponseHead, _ address: WebAddress, isKnown: Bool, isNew: Bool
    ) throws -> Never {
        // A signature may have run out; the service makes another one.
        store.withLock { $0 = nil }
        if rules.isOwn(address), let refusal = rules.refusal(head, isKnown: isKnown) { throw refusal }
        try requester.refusePassing(head, address.host)
        throw NetworkError(
            .malformed, "\(address.host) answered with status \(head.status)",
            isPassing: rules.isOwn(address) || !isNew)
    }
}

extension ResponseHead {
    /// Whether the answer leads to another address.
    var isRedirect: Bool { [301, 302, 303, 307, 308].contains(status) }
}
