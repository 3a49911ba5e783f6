import Formats
import Storage

/// Reads parts of files by range requests, without loading the files.
struct RangeReading: Sendable {
    let requester: Requester
    /// What is sent as `Authorization` to an address, if anything is.
    let authorization: @Sendable (WebAddress) -> Secret?
    /// Throws where the answer of an address that asks for credentials is a refusal of its own.
    let refuse: @Sendable (ResponseHead, WebAddress, _ hasCredential: Bool) throws -> Void

    /// The most bytes of one part.
    static let limit = 1 << 25

    /// The bytes of a range, which is in the file.
    /// - Throws: ``NetworkError``, and what ``refuse`` throws.
    func bytes(_ range: Range<Int>, at first: WebAddress) throws -> [UInt8] {
        guard !range.isEmpty else { return [] }
        guard range.lowerBound >= 0, range.count <= RangeReading.limit else {
            throw NetworkError(
                .malformed, "more than \(ByteCount.text(RangeReading.limit)) would have to be read",
                isPassing: false)
        }
        return try requester.patience.again { try read(range, at: first) }
    }

    private func read(_ range: Range<Int>, at first: WebAddress) throws -> [UInt8] {
        var address = first
        for _ in 0...Requester.redirects {
            var request = HTTPRequest()
            request.range = range
            request.authorization = authorization(address)
            let response = try requester.send(request, to: address)
            let head = response.head
            if [301, 302, 303, 307, 308].contains(head.status) {
                response.discard()
                guard let target = head["location"].flatMap({ address.resolving($0) }) else {
                    throw NetworkError(.malformed, "\(address) leads nowhere")
                }
                guard target.isSecure || !address.isSecure else {
                    throw NetworkError(.malformed, "\(address) leads out of TLS", isPassing: false)
                }
                address = target
                continue
            }
            guard head.status < 400 else {
                try refuse(head, address, request.authorization != nil)
                try requester.refusePassing(head, address.host)
                throw NetworkError(
                    .malformed, "\(address.host) answered with status \(head.status)", isPassing: false)
            }
            return try content(of: response, range, address)
        }
        throw NetworkError(.malformed, "\(first) leads in a circle", isPassing: false)
    }

    /// What the answer has of the range. One of the whole file is read as far as the range goes.
    private func content(
        of response: HTTPResponse, _ range: Range<Int>, _ address: WebAddress
    ) throws -> [UInt8] {
        let head = response.head
        if let coding = head["content-encoding"], !coding.lowercased().hasSameBytes(as: "identity") {
            throw NetworkError(
                .malformed, "\(address.host) sends the file compressed, which nobody asked for")
        }
        var skipped = range.lowerBound
        if head.status == 206 {
            guard let part = head["content-range"].flatMap({ ContentRange($0) })?.range,
                part.lowerBound == range.lowerBound
            else { throw NetworkError(.malformed, "\(address.host) sends another part than was asked for") }
            skipped = 0
        }
        guard skipped <= RangeReading.limit else {
            throw NetworkError(.malformed, "\(address.host) knows no ranges", isPassing: false)
        }
        let bytes = try beginning(of: response, skipped + range.count)
        guard bytes.count == skipped + range.count else {
            throw NetworkError(
                .malformed, "\(address.host) sends less than it lists", isPassing: false)
        }
        return skipped == 0 ? bytes : Array(bytes[skipped...])
    }

    private func beginning(of response: HTTPResponse, _ count: Int) throws(NetworkError) -> [UInt8] {
        var bytes: [UInt8] = []
        let buffer = Buffer(count: 1 << 16)
        while bytes.count < count {
            let part = try response.read(into: buffer, at: 0, count: min(buffer.count, count - bytes.count))
            if part == 0 { break }
            buffer.withBytes(part) { span in
                for index in span.indices { bytes.append(span[index]) }
            }
        }
        return bytes
    }
}
