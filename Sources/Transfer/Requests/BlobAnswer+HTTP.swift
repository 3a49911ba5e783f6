import Formats

extension BlobAnswer {
    /// Takes an answer to a GET that is no refusal, whose headers have to agree with each other and with what is known.
    ///
    /// - Parameters:
    ///   - asked: what was asked for; `nil` for everything.
    ///   - size: the file's size in bytes.
    ///   - name: what sentences call the file.
    /// - Throws: ``NetworkError``, and ``TransferFailure`` where the file is another one.
    init(
        _ response: HTTPResponse, asked: Range<Int>?, from address: WebAddress, size: Int, name: String
    ) throws {
        func changed(_ how: String) -> TransferFailure { TransferFailure(.changed(how), file: name) }
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
            if let whole = stated.size, whole != size {
                throw changed("\(address.host) states a size of \(whole) bytes, the list of files \(size)")
            }
            guard range.lowerBound == asked.lowerBound, range.upperBound <= asked.upperBound else {
                throw NetworkError(.malformed, "\(address.host) sends another part than was asked for")
            }
            guard response.length == nil || response.length == range.count else {
                throw NetworkError(.malformed, "\(address.host) states two lengths for one part")
            }
            self = .part(response, range)
        case 200:
            guard response.length == nil || response.length == size else {
                throw changed("\(address.host) has \(response.length ?? 0) bytes, the list of files \(size)")
            }
            self = .whole(response)
        case 416: throw changed("\(address.host) has no such bytes")
        default: throw NetworkError(.malformed, "\(address.host) answered with status \(head.status)")
        }
    }
}
