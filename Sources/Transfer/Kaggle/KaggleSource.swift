import Formats
import Manifests
import Storage
import Synchronization

/// One file of Kaggle, or the archive of all of them: Kaggle is asked for the address, and then the store that it names.
final class KaggleSource: BlobSource {
    private let client: KaggleClient
    private let call: KaggleCall
    private let kind: KaggleHandle.Kind
    /// The name of the file as Kaggle has it; `nil` for an archive.
    private let file: String?
    /// The size that was listed; `nil` where none was.
    private let listed: Int?
    private let state = Mutex(State())

    private struct State {
        /// Where Kaggle sent for the content last: a signed address, which holds for a while.
        var store: WebAddress?
        /// What the store states of the content.
        var identity: BlobIdentity?
        /// Whether the content is a zip that has the file in it.
        var isZip = false
        /// Whether whoever loads it knows what the store states.
        var isResolved = false
    }

    /// Puts the parts together; nothing is asked yet. `file` and `size` are what was listed, and `nil` where nothing was.
    init(_ client: KaggleClient, _ call: KaggleCall, of kind: KaggleHandle.Kind, file: String?, size: Int?) {
        self.client = client
        self.call = call
        self.kind = kind
        self.file = file
        listed = size
    }

    var patience: Patience { client.requester.patience }

    /// Whether the content is a zip that has the file in it, as far as the store was asked.
    var isPacked: Bool { state.withLock { $0.isZip } }

    /// What the store states of the content, as far as it was asked.
    var known: BlobIdentity? { state.withLock { $0.identity } }

    /// What sentences call it.
    private var name: String { file ?? "the archive" }

    func identity(_: BlobIdentity) throws -> BlobIdentity { try identity() }

    /// What the content has to be, by the store's own headers.
    /// - Throws: also ``KaggleUnsized``.
    func identity() throws -> BlobIdentity {
        let known = state.withLock { state in
            state.isResolved = true
            return state.identity
        }
        if let known { return known }
        // Of nothing there is no first byte.
        let (response, address) = try answer(listed == 0 ? nil : 0..<1)
        let identity = try note(response, address)
        response.discard()
        return identity
    }

    func open(_ range: Range<Int>?) throws -> BlobAnswer {
        let (response, address) = try answer(range)
        guard response.head.status < 400 else {
            return try BlobAnswer(response, asked: range, from: address, size: listed ?? 0, name: name)
        }
        let identity = try note(response, address)
        let (isResolved, isZip) = state.withLock { ($0.isResolved, $0.isZip) }
        guard isResolved || (!isZip && identity.size == listed) else { throw BlobInOtherForm() }
        return try BlobAnswer(response, asked: range, from: address, size: identity.size, name: name)
    }

    /// Everything, of a content whose length the store does not state.
    func openUnsized() throws -> HTTPResponse {
        let (response, address) = try answer(nil)
        guard response.head.status == 200 else {
            throw NetworkError(.malformed, "\(address.host) answered with status \(response.head.status)")
        }
        return response
    }

    /// The answer of the store, and where it is.
    private func answer(_ range: Range<Int>?) throws -> (HTTPResponse, WebAddress) {
        let known = state.withLock { $0.store }
        var (response, address) = try known.map { (try get($0, range), $0) } ?? ask()
        for _ in 0...Requester.redirects {
            let head = response.head
            if head.isRedirect {
                let target = try follow(response, from: address)
                state.withLock { $0.store = target }
                address = target
                response = try get(target, range)
                continue
            }
            if head.status >= 400, head.status != 416 { try refuse(head, address) }
            return (response, address)
        }
        throw NetworkError(.malformed, "what Kaggle sends for \(name) leads in a circle", isPassing: false)
    }

    /// Asks Kaggle where the content is.
    private func ask() throws -> (HTTPResponse, WebAddress) {
        do {
            return (try client.send(call, of: kind), client.endpoint.method(call))
        } catch let refusal as KaggleRefusal where refusal.kind == .notFound && file != nil {
            throw KaggleRefusal(.fileNotFound)
        }
    }

    private func get(_ address: WebAddress, _ range: Range<Int>?) throws -> HTTPResponse {
        var request = HTTPRequest()
        request.range = range
        request.authorization = try client.authorization(for: address)
        return try client.requester.send(request, to: address)
    }

    private func follow(_ response: HTTPResponse, from address: WebAddress) throws(NetworkError) -> WebAddress
    {
        response.discard()
        guard let target = response.head["location"].flatMap({ address.resolving($0) }) else {
            throw NetworkError(.malformed, "\(address) leads nowhere")
        }
        guard target.isSecure || !address.isSecure else {
            throw NetworkError(.malformed, "\(address) leads out of TLS, to \(target)", isPassing: false)
        }
        return target
    }

    /// A signature may have run out; Kaggle makes another one.
    private func refuse(_ head: ResponseHead, _ address: WebAddress) throws(NetworkError) -> Never {
        state.withLock { $0.store = nil }
        try client.requester.refusePassing(head, address.host)
        throw NetworkError(.malformed, "\(address.host) answered with status \(head.status)")
    }

    /// Takes what the store states of the content, and compares it with what it stated before.
    private func note(_ response: HTTPResponse, _ address: WebAddress) throws -> BlobIdentity {
        let head = response.head
        let stated =
            head.status == 206 ? head["content-range"].flatMap { ContentRange($0) }?.size : response.length
        guard let size = stated ?? listed else { throw KaggleUnsized() }
        let identity = KaggleSource.identity(head, size: size)
        let isZip = file.map { KaggleSource.isZip(of: $0, address) } ?? false
        let known = state.withLock { state in
            if state.identity == nil { (state.identity, state.isZip) = (identity, isZip) }
            return state.identity
        }
        guard known == identity else {
            throw TransferFailure(.changed("it is another one than it was a moment ago"), file: name)
        }
        return identity
    }

    /// A file may come as a zip of the same name (kagglehub 1.0.3, `clients.py`).
    private static func isZip(of name: String, _ address: WebAddress) -> Bool {
        let path = Array(address.target.utf8.prefix { $0 != UInt8(ascii: "?") })
        let last = path[((path.lastIndex(of: UInt8(ascii: "/")) ?? -1) + 1)...]
        let wanted = Path.name(name) + ".zip"
        let text = String(decoding: last, as: UTF8.self)
        return [wanted, WebAddress.segment(wanted)].contains { text.hasSameBytes(as: $0) }
    }

    /// The MD5 of `x-goog-hash: crc32c=…,md5=…` (Google Cloud Storage, XML API), else the etag.
    private static func identity(_ head: ResponseHead, size: Int) -> BlobIdentity {
        for value in head.all("x-goog-hash") {
            for part in value.utf8.split(separator: UInt8(ascii: ",")) {
                let text = part.filter { $0 != 0x20 }
                guard text.starts(with: "md5=".utf8),
                    let digest = Base64.bytes(String(decoding: text.dropFirst(4), as: UTF8.self)),
                    digest.count == 16
                else { continue }
                return BlobIdentity(proof: .md5(digest), size: size)
            }
        }
        return BlobIdentity(proof: .size(head["etag"].map(ETag.name) ?? ""), size: size)
    }
}

/// The store does not state how long the content is.
struct KaggleUnsized: Error, Equatable {}
