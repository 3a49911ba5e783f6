import Formats

/// The first line and the headers of an HTTP/1 response (RFC 9112).
struct ResponseHead: Equatable, Sendable {
    /// The status, three digits.
    let status: Int
    /// Whether the server speaks HTTP/1.1, where connections stay open by themselves.
    let isPersistent: Bool
    /// The headers in their order, the names in small letters.
    private let fields: [Field]

    private struct Field: Equatable, Sendable {
        let name: String
        let value: String
    }

    /// The most bytes that a head may have.
    static let limit = 1 << 16

    /// The value of the first header of a name, which is given in small letters; `nil` if there is none.
    subscript(_ name: String) -> String? { all(name).first }

    /// The values of all headers of a name, which is given in small letters.
    func all(_ name: String) -> [String] {
        fields.filter { $0.name.hasSameBytes(as: name) }.map(\.value)
    }

    /// Reads a head.
    /// - Parameter bytes: all lines up to the empty one, which is not among them.
    static func parse(_ bytes: [UInt8]) throws(NetworkError) -> ResponseHead {
        var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { $0.last == UInt8(ascii: "\r") ? $0.dropLast() : $0 }[...]
        guard let first = lines.popFirst(), let (status, isPersistent) = statusLine(Array(first)) else {
            throw NetworkError(.malformed, "the answer does not begin as HTTP does")
        }
        var fields: [Field] = []
        for line in lines where !line.isEmpty {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex,
                line[..<colon].allSatisfy(isToken)
            else { throw NetworkError(.malformed, "the answer has a line that is no header") }
            let name = line[..<colon].map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
            let value = trimmed(line[(colon + 1)...])
            guard !value.contains(where: { $0 == 0 || $0 == 0x0D }) else {
                throw NetworkError(.malformed, "the answer has a control character in a header")
            }
            fields.append(
                Field(
                    name: String(decoding: name, as: UTF8.self), value: String(decoding: value, as: UTF8.self)
                ))
        }
        return ResponseHead(status: status, isPersistent: isPersistent, fields: fields)
    }

    /// "HTTP/1.1 206 Partial Content"; the reason may be missing.
    private static func statusLine(_ line: [UInt8]) -> (status: Int, isPersistent: Bool)? {
        guard line.count >= 12, Array(line[..<7]) == Array("HTTP/1.".utf8), line[8] == UInt8(ascii: " "),
            line.count == 12 || line[12] == UInt8(ascii: " "),
            line[7] == UInt8(ascii: "0") || line[7] == UInt8(ascii: "1")
        else { return nil }
        let digits = line[9..<12]
        guard digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        let status = digits.reduce(0) { $0 * 10 + Int($1 &- 0x30) }
        return (100...599).contains(status) ? (status, line[7] == UInt8(ascii: "1")) : nil
    }

    private static func isToken(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7F && !Array("\"(),/:;<=>?@[\\]{}".utf8).contains(byte)
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
        guard let first = bytes.firstIndex(where: { !isBlank($0) }),
            let last = bytes.lastIndex(where: { !isBlank($0) })
        else { return [] }
        return bytes[first...last]
    }
}

/// How the end of a response's body is found.
enum BodyFraming: Equatable, Sendable {
    /// There is no body.
    case none
    /// So many bytes.
    case length(Int)
    /// In chunks, of which the last one is empty.
    case chunked
    /// The connection ends with it.
    case untilClose

    /// - Parameter isHead: whether the request was a HEAD, whose answer has no body whatever its headers state.
    static func of(_ head: ResponseHead, isHead: Bool) throws(NetworkError) -> BodyFraming {
        if isHead || head.status < 200 || head.status == 204 || head.status == 304 { return .none }
        let codings = head.all("transfer-encoding")
        if !codings.isEmpty {
            guard codings.count == 1, codings[0].lowercased().hasSameBytes(as: "chunked") else {
                throw NetworkError(.malformed, "the answer has a transfer encoding that is not known")
            }
            return .chunked
        }
        let lengths = head.all("content-length")
        guard let first = lengths.first else { return .untilClose }
        guard lengths.allSatisfy({ $0.hasSameBytes(as: first) }), let length = Digits.value(first) else {
            throw NetworkError(.malformed, "the answer's Content-Length is no number")
        }
        return .length(length)
    }
}

/// Numbers in headers: nothing but decimal digits.
enum Digits {
    /// The value, or `nil` for any other text and for numbers that are too large.
    static func value(_ text: some StringProtocol) -> Int? {
        let digits = text.utf8
        guard !digits.isEmpty, digits.count <= 18, digits.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return digits.reduce(0) { $0 * 10 + Int($1 &- 0x30) }
    }
}
