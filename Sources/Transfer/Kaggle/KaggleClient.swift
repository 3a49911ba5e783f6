import Formats

/// Calls Kaggle's interface, again where that may help. Every call holds its thread until the answer is there.
package final class KaggleClient: Sendable {
    /// Where the interface is.
    let endpoint: KaggleEndpoint
    /// Who asks, if anybody is known.
    package let credential: KaggleCredential?
    let requester: Requester

    /// The most bytes of one answer.
    private static let answerLimit = 1 << 25

    /// Puts a client together; nothing is asked yet.
    package init(endpoint: KaggleEndpoint, credential: KaggleCredential?, _ requester: Requester) {
        self.endpoint = endpoint
        self.credential = credential
        self.requester = requester
    }

    /// Calls a method.
    /// - Throws: ``KaggleRefusal`` and ``NetworkError``.
    func call(_ method: KaggleMethod, _ body: JSON) throws -> JSON {
        try requester.patience.again {
            let response = try send(method, body)
            let bytes = try response.body(limit: KaggleClient.answerLimit)
            let json = try? JSON.parse(bytes)
            if let refusal = KaggleRefusal(status: response.head.status, json) {
                try requester.refusePassing(response.head, endpoint.address.host)
                throw refusal
            }
            guard let json, json.members != nil else {
                throw NetworkError(.malformed, "\(endpoint.method(method)) is no JSON object")
            }
            return json
        }
    }

    /// Where Kaggle sends whoever asks for a file: a signed address, which holds for a while.
    /// - Throws: ``KaggleRefusal`` and ``NetworkError``.
    func location(_ method: KaggleMethod, _ body: JSON) throws -> WebAddress {
        try requester.patience.again {
            let response = try send(method, body)
            let head = response.head
            let from = endpoint.method(method)
            if (300..<400).contains(head.status),
                let target = head["location"].flatMap({ from.resolving($0) })
            {
                response.discard()
                guard target.isSecure || !from.isSecure else {
                    throw NetworkError(.malformed, "\(from) leads out of TLS", isPassing: false)
                }
                return target
            }
            let json = (try? response.body(limit: 1 << 16)).flatMap { try? JSON.parse($0) }
            try requester.refusePassing(head, endpoint.address.host)
            throw KaggleRefusal(status: head.status, json)
                ?? NetworkError(.malformed, "\(from) leads to no file", isPassing: false)
        }
    }

    private func send(_ method: KaggleMethod, _ body: JSON) throws -> HTTPResponse {
        let address = endpoint.method(method)
        var request = HTTPRequest()
        request.method = "POST"
        request.accept = "application/json"
        request.body = (Array(body.compactText.utf8), "application/json")
        request.authorization = endpoint.mayHaveCredential(address) ? credential?.authorization : nil
        return try requester.send(request, to: address)
    }
}
