import Formats

/// The first line and the header fields of an HTTP/1 request (RFC 9112), read strictly: what two servers could understand in
/// two ways is refused.
package struct RequestHead: Sendable {
    /// Why a request is refused before anybody looks at what it asks for.
    package struct Refusal: Error, Equatable, Sendable {
        /// The status of the answer, after which the connection is closed.
        package let status: Int
        /// What is wrong, as a clause.
        package let reason: String

        /// States a refusal.
        package init(_ status: Int, _ reason: String) {
            self.status = status
            self.reason = reason
        }
    }

    /// How the end of the body is found.
    package enum Framing: Equatable, Sendable {
        /// So many bytes, none where no body was announced.
        case length(Int)
        /// In chunks, of which the last one is empty.
        case chunked
    }

    /// The method in its own letters: methods are case-sensitive.
    package let method: String
    /// What is asked for.
    package let target: RequestTarget
    /// Whether the client speaks HTTP/1.1 and not 1.0.
    package let isModern: Bool
    /// The header fields, their names in small letters.
    package let fields: HeaderFields
    /// How the body ends.
    package let framing: Framing
    /// The host and port that the client means: the target's in absolute form, else the header's; `nil` only in HTTP/1.0.
    package let host: String?

    /// Whether the connection may stay open after the answer.
    package var staysOpen: Bool {
        let words = fields.words("connection")
        if words.containsExactly("close") { return false }
        return isModern || words.containsExactly("keep-alive")
    }

    /// Whether the client waits for a word before it sends the body.
    package var expectsContinue: Bool { isModern && fields.words("expect") == ["100-continue"] }

    /// The most bytes that a head may have, and the most fields.
    package static let limit = 1 << 15
    private static let fieldLimit = 100

    /// What is known of the bytes that came so far.
    package enum Progress: Equatable, Sendable {
        /// The head ends before this position.
        case complete(end: Int)
        /// More has to come; all before this position was looked at.
        case incomplete(seen: Int)
    }

    /// Looks for the end of a head.
    /// - Parameter seen: what an earlier look at the same bytes returned, 0 the first time.
    /// - Throws: a refusal where a line ends without a carriage return, or the head is too long.
    package static func end(in bytes: [UInt8], seen: Int) throws(Refusal) -> Progress {
        var index = seen
        while index < bytes.count {
            if bytes[index] == 0x0A {
                guard index > 0, bytes[index - 1] == 0x0D else {
                    throw Refusal(400, "a line does not end with a carriage return and a line feed")
                }
                if index >= 3, bytes[index - 2] == 0x0A, bytes[index - 3] == 0x0D {
                    return .complete(end: index + 1)
                }
                // Some servers skip an empty line before the first one (RFC 9112, 2.2), and some take it for the end.
                if index == 1 { throw Refusal(400, "the request begins with an empty line") }
            }
            index += 1
            if index > limit { throw Refusal(431, "the head has more than \(limit) bytes") }
        }
        return .incomplete(seen: bytes.count)
    }

    /// Reads a head.
    /// - Parameter bytes: all lines with their ends, the empty one included, as ``end(in:seen:)`` found them.
    package static func parse(_ bytes: ArraySlice<UInt8>) throws(Refusal) -> RequestHead {
        var lines: [ArraySlice<UInt8>] = []
        var start = bytes.startIndex
        for index in bytes.indices where bytes[index] == 0x0A {
            guard index > start, bytes[index - 1] == 0x0D else {
                throw Refusal(400, "a line does not end with a carriage return and a line feed")
            }
            lines.append(bytes[start..<index - 1])
            start = index + 1
        }
        guard start == bytes.endIndex, lines.last?.isEmpty == true, lines.count >= 2 else {
            throw Refusal(400, "the head is not whole")
        }
        let (method, target, isModern) = try requestLine(lines[0])
        let fields = try fields(lines[1..<lines.count - 1])
        return RequestHead(
            method: method, target: target, isModern: isModern, fields: fields,
            framing: try framing(fields, isModern: isModern),
            host: try host(fields, target, isModern: isModern))
    }

    /// "GET /path HTTP/1.1", with one blank at each place.
    private static func requestLine(
        _ line: ArraySlice<UInt8>
    ) throws(Refusal) -> (method: String, target: RequestTarget, isModern: Bool) {
        let parts = line.split(separator: 0x20, omittingEmptySubsequences: false)
        guard parts.count == 3, !parts[0].isEmpty, parts[0].count <= 20, parts[0].allSatisfy(isToken) else {
            throw Refusal(400, "the first line is no request")
        }
        let isModern: Bool
        switch String(decoding: parts[2], as: UTF8.self) {
        case "HTTP/1.1": isModern = true
        case "HTTP/1.0": isModern = false
        case let version where version.hasUTF8Prefix("HTTP/"):
            throw Refusal(505, "this version of HTTP is not spoken")
        default: throw Refusal(400, "the first line is no request")
        }
        guard let target = RequestTarget(Array(parts[1])) else {
            throw Refusal(400, "the target is no path that is served")
        }
        return (String(decoding: parts[0], as: UTF8.self), target, isModern)
    }

    private static func fields(_ lines: ArraySlice<ArraySlice<UInt8>>) throws(Refusal) -> HeaderFields {
        guard lines.count <= fieldLimit else {
            throw Refusal(431, "there are more than \(fieldLimit) fields")
        }
        var fields = HeaderFields()
        for line in lines {
            // A line that begins with a blank would be the rest of the one before, or none.
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex,
                line[..<colon].allSatisfy(isToken)
            else { throw Refusal(400, "a line of the head is no field") }
            let value = HeaderFields.trimmed(line[(colon + 1)...])
            guard !value.contains(where: { ($0 < 0x20 && $0 != 0x09) || $0 == 0x7F }) else {
                throw Refusal(400, "a field has a control character in it")
            }
            let name = line[..<colon].map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
            fields.append(String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self))
        }
        return fields
    }

    private static func framing(_ fields: HeaderFields, isModern: Bool) throws(Refusal) -> Framing {
        let codings = fields.all("transfer-encoding")
        let lengths = fields.all("content-length")
        guard codings.isEmpty || lengths.isEmpty else {
            throw Refusal(400, "the length of the body is stated in two ways")
        }
        if !codings.isEmpty {
            guard isModern, codings.count == 1, HeaderFields.lowered(codings[0]).hasSameBytes(as: "chunked")
            else {
                throw Refusal(isModern ? 501 : 400, "the transfer encoding is not known")
            }
            return .chunked
        }
        guard let first = lengths.first else { return .length(0) }
        let digits = first.utf8
        guard lengths.count == 1, !digits.isEmpty, digits.count <= 18,
            digits.allSatisfy({ (0x30...0x39).contains($0) }), let length = Int(first)
        else { throw Refusal(400, "Content-Length is not one number") }
        return .length(length)
    }

    private static func host(
        _ fields: HeaderFields, _ target: RequestTarget, isModern: Bool
    ) throws(Refusal) -> String? {
        let hosts = fields.all("host")
        guard hosts.count == 1 || (hosts.isEmpty && !isModern) else {
            throw Refusal(400, "there has to be one Host")
        }
        return target.authority ?? hosts.first
    }

    /// Whether a byte may be in a method or in the name of a field (RFC 9110, 5.6.2).
    static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"):
            true
        case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"),
            UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
            true
        default: false
        }
    }
}
