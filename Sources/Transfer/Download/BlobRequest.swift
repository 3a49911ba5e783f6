import Formats
import Storage
import Synchronization

/// Asks for parts of one file, on the Hub and wherever the Hub sends for it.
final class BlobRequest: Sendable {
    private let client: HubClient
    private let task: BlobTask
    private let first: WebAddress
    /// Where the Hub sent for the file last: a signed address, which holds for a while.
    private let store = Mutex<WebAddress?>(nil)

    init(_ task: BlobTask, _ client: HubClient) {
        self.client = client
        self.task = task
        first = client.endpoint.file(task.repository, commit: task.first.commit, path: task.first.path)
    }

    /// What a server answers to the request for a part.
    enum Answer {
        /// The bytes of a range that begins where it was asked for.
        case part(HTTPResponse, Range<Int>)
        /// The whole file: the server knows no ranges.
        case whole(HTTPResponse)
    }

    /// Asks for a range, or for everything.
    /// - Throws: ``NetworkError``, ``HubRefusal``, and ``TransferFailure`` where the file is not what the Hub lists.
    func send(_ range: Range<Int>?) throws -> Answer {
        var address = store.withLock { $0 } ?? first
        var isSecure = address.isSecure
        var isNew = false
        for _ in 0...HubClient.redirects {
            try client.gate.wait(client.cancellation)
            var request = HTTPRequest()
            request.range = range
            request.authorization = client.authorization(for: address)
            let response = try client.http.send(request, to: address)
            let head = response.head
            let isOfHub = address.hasSameOrigin(as: client.endpoint.address)
            if isOfHub, head.status < 400 { try checkIdentity(head) }
            if [301, 302, 303, 307, 308].contains(head.status) {
                response.discard()
                guard let target = head["location"].flatMap({ address.resolving($0) }) else {
                    throw NetworkError(.malformed, "\(address) leads nowhere")
                }
                guard target.isSecure || !isSecure else {
                    throw NetworkError(
                        .malformed, "\(address) leads out of TLS, to \(target)", isPassing: false)
                }
                address = target
                isSecure = target.isSecure
                isNew = true
                if !address.hasSameOrigin(as: client.endpoint.address) { store.withLock { $0 = address } }
                continue
            }
            guard head.status >= 400, head.status != 416 else { return try check(response, range, address) }
            // A signature may have run out; the Hub makes another one.
            store.withLock { $0 = nil }
            if !isOfHub {
                guard !isNew || head.status >= 500 || [408, 429].contains(head.status) else {
                    throw NetworkError(
                        .malformed, "\(address.host) answered with status \(head.status)", isPassing: false)
                }
                if let seconds = RateLimit.seconds(in: head) {
                    client.gate.close(seconds: min(seconds, RetryPolicy.longestAsked))
                }
                throw NetworkError(.connection, "\(address.host) answered with status \(head.status)")
            }
            try client.refuse(head, hasToken: request.authorization != nil)
        }
        throw NetworkError(.malformed, "\(first) leads in a circle", isPassing: false)
    }

    /// The Hub's own answers state what the file is.
    private func checkIdentity(_ head: ResponseHead) throws(TransferFailure) {
        let isRedirect = head.status >= 300
        let etag = head["x-linked-etag"] ?? (isRedirect ? nil : head["etag"])
        if let etag {
            let name = ETag.name(etag)
            // Anything else is a mirror's own, which states nothing of the content.
            let isDigest = SHA256Digest(hex: name) != nil || GitBlobDigest(hex: name) != nil
            if isDigest, !name.hasSameBytes(as: task.identity.name) {
                throw changed("its etag is \(name), and the list of files states \(task.identity.name)")
            }
        }
        if let size = head["x-linked-size"].flatMap({ Digits.value($0) }), size != task.size {
            throw changed("it has \(size) bytes, and the list of files states \(task.size)")
        }
    }

    private func check(
        _ response: HTTPResponse, _ asked: Range<Int>?, _ address: WebAddress
    ) throws -> Answer {
        let head = response.head
        if let coding = head["content-encoding"], !coding.lowercased().hasSameBytes(as: "identity"),
            !coding.isEmpty
        {
            throw NetworkError(
                .malformed, "\(address.host) sends the file compressed, which nobody asked for")
        }
        switch head.status {
        case 206:
            guard let asked, let stated = head["content-range"].flatMap({ ContentRange($0) }),
                let range = stated.range
            else { throw NetworkError(.malformed, "\(address.host) sends a part and does not state which") }
            if let size = stated.size, size != task.size {
                throw changed(
                    "\(address.host) states a size of \(size) bytes, the list of files \(task.size)")
            }
            guard range.lowerBound == asked.lowerBound, range.upperBound <= asked.upperBound else {
                throw NetworkError(.malformed, "\(address.host) sends another part than was asked for")
            }
            guard response.length == nil || response.length == range.count else {
                throw NetworkError(.malformed, "\(address.host) states two lengths for one part")
            }
            return .part(response, range)
        case 200:
            guard response.length == nil || response.length == task.size else {
                throw changed(
                    "\(address.host) has \(response.length ?? 0) bytes, the list of files \(task.size)")
            }
            return .whole(response)
        case 416: throw changed("\(address.host) has no such bytes")
        default: throw NetworkError(.malformed, "\(address.host) answered with status \(head.status)")
        }
    }

    private func changed(_ how: String) -> TransferFailure {
        TransferFailure(kind: .changed(how), file: task.name)
    }
}

/// The names of versions that servers state.
enum ETag {
    /// The name as huggingface_hub 2.4 makes a blob's name of it: without `W/` and quotation marks.
    static func name(_ text: String) -> String {
        var bytes = Array(text.utf8)[...]
        while let first = bytes.first, first == UInt8(ascii: "W") || first == UInt8(ascii: "/") {
            bytes.removeFirst()
        }
        let mark = UInt8(ascii: "\"")
        while bytes.first == mark { bytes.removeFirst() }
        while bytes.last == mark { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }
}
