import Formats
import Storage

/// One upload to Google's storage by pieces, as Kaggle begins it: the protocol of resumable uploads.
///
/// A piece is a PUT with `Content-Range: bytes 0-99/1234`. 308 is the answer to a piece that is not the last one, and states in
/// `Range: bytes=0-99` what is kept, which may be less than was sent; 200 or 201 to the last one. A PUT with
/// `bytes */1234` and no content asks the same.
struct ResumableSession {
    /// What the store has.
    enum Progress: Equatable {
        /// So many bytes from the start.
        case upTo(Int)
        /// All of it.
        case complete
    }

    /// The store does not know the upload any more, or contradicts itself: the file has to be sent from its start.
    struct Lost: Error {
        /// A clause.
        let reason: String
    }

    private let address: WebAddress
    private let size: Int
    private let requester: Requester

    /// The number that pieces are multiples of, but for the last one, in bytes.
    static let unit = 1 << 18

    /// Takes an upload that was begun.
    /// - Parameter isSecure: whether it has to be over TLS, because what named it was.
    /// - Throws: where the address is none that may be sent to.
    init(_ address: String, size: Int, isSecure: Bool, _ requester: Requester) throws {
        guard let address = WebAddress(address), address.isSecure || !isSecure else {
            throw Lost(reason: "it has no address that can be sent to")
        }
        self.address = address
        self.size = size
        self.requester = requester
    }

    /// Asks what the store has.
    func ask() throws -> Progress {
        var request = HTTPRequest()
        request.method = "PUT"
        request.contentRange = "bytes */\(size)"
        request.body = ([], "application/octet-stream")
        return try progress(try requester.send(request, to: address))
    }

    /// Sends bytes to where the store has none yet, and waits for what it has then.
    ///
    /// - Parameters:
    ///   - range: which bytes of the file they are.
    ///   - body: hands them over.
    func send(_ range: Range<Int>, body: ((Span<UInt8>) throws -> Void) throws -> Void) throws -> Progress {
        var request = HTTPRequest()
        request.method = "PUT"
        request.length = range.count
        // An empty file has no last byte that could be named.
        if size > 0 { request.contentRange = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(size)" }
        return try progress(try requester.send(request, to: address, body: body))
    }

    private func progress(_ response: HTTPResponse) throws -> Progress {
        let head = response.head
        defer { response.discard() }
        switch head.status {
        case 200, 201:
            if let stored = head["x-goog-stored-content-length"].flatMap({ Digits.value($0) }), stored != size
            {
                throw Lost(reason: "\(address.host) has \(stored) bytes of \(size)")
            }
            return .complete
        case 308:
            guard let range = head["range"] else { return .upTo(0) }
            guard let end = ResumableSession.end(of: range), end <= size else {
                throw Lost(reason: "\(address.host) states a range that is none")
            }
            return .upTo(end)
        default:
            try requester.refusePassing(head, address.host)
            throw Lost(reason: "\(address.host) answered with status \(head.status)")
        }
    }

    /// How many bytes `bytes=0-99` are; `nil` for what does not begin with the first byte.
    static func end(of range: String) -> Int? {
        let prefix = "bytes=0-"
        guard range.hasUTF8Prefix(prefix),
            let last = Digits.value(range.utf8.dropFirst(prefix.utf8.count).text)
        else { return nil }
        let (end, overflow) = last.addingReportingOverflow(1)
        return overflow ? nil : end
    }
}

extension Substring.UTF8View {
    /// The bytes as text.
    fileprivate var text: String { String(Substring(self)) }
}
