import Formats

/// What a request asks for: the path and the query of its target, decoded once.
package struct RequestTarget: Sendable {
    /// The parts of the path between slashes, decoded; a part may hold a slash that was written as `%2F`.
    package let segments: [String]
    /// The names and values of the query in their order, decoded.
    package let query: [(name: String, value: String)]
    /// The host and the port of a target in absolute form, as it is sent to a proxy; `nil` for the usual form.
    package let authority: String?
    /// The path and the query as they were sent.
    package let text: String

    /// The first value of a name in the query; `nil` if there is none.
    package func first(_ name: String) -> String? { query.first { $0.name.hasSameBytes(as: name) }?.value }

    /// All values of a name in the query, in their order.
    package func all(_ name: String) -> [String] {
        query.filter { $0.name.hasSameBytes(as: name) }.map(\.value)
    }

    /// Reads a target in origin form (`/path?query`) or absolute form (`http://host:port/path?query`), RFC 9112, 3.2.
    ///
    /// - Returns: `nil` for every other form, for a path with the part `.` or `..`, also in disguise, or with a control
    ///   character, and for escapes that are none, or of which no UTF-8 comes.
    package init?(_ bytes: [UInt8]) {
        guard !bytes.contains(where: { $0 <= 0x20 || $0 == 0x7F || $0 == UInt8(ascii: "#") }) else {
            return nil
        }
        var rest = bytes[...]
        var authority: String?
        if rest.first != UInt8(ascii: "/") {
            let scheme = Array("http://".utf8)
            guard rest.count > scheme.count,
                rest.prefix(scheme.count).map({ $0 | 0x20 }) == scheme.map({ $0 | 0x20 })
            else { return nil }
            rest = rest.dropFirst(scheme.count)
            let end =
                rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.endIndex
            guard end > rest.startIndex else { return nil }
            authority = String(decoding: rest[..<end], as: UTF8.self)
            rest = rest[end...]
        }
        self.authority = authority
        text = String(decoding: rest, as: UTF8.self)
        let mark = rest.firstIndex(of: UInt8(ascii: "?")) ?? rest.endIndex
        var segments: [String] = []
        for part in rest[..<mark].dropFirst().split(
            separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        {
            guard let segment = RequestTarget.decoded(part, plusIsBlank: false),
                segment.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
                    .allSatisfy({ !$0.isText(".") && !$0.isText("..") })
            else { return nil }
            segments.append(segment)
        }
        self.segments = segments
        guard let query = RequestTarget.pairs(rest[mark...].dropFirst()) else { return nil }
        self.query = query
    }

    /// The names and values of a query, or of a form in a body (`application/x-www-form-urlencoded`).
    /// - Returns: `nil` where an escape is none.
    package static func pairs(_ bytes: ArraySlice<UInt8>) -> [(name: String, value: String)]? {
        var pairs: [(name: String, value: String)] = []
        for part in bytes.split(separator: UInt8(ascii: "&")) {
            let equals = part.firstIndex(of: UInt8(ascii: "=")) ?? part.endIndex
            guard let name = decoded(part[..<equals], plusIsBlank: true),
                let value = decoded(part[equals...].dropFirst(), plusIsBlank: true)
            else { return nil }
            pairs.append((name, value))
        }
        return pairs
    }

    /// Text with its escapes resolved; `nil` where one is none, or no UTF-8 comes of it, and in a path control characters.
    private static func decoded(_ bytes: ArraySlice<UInt8>, plusIsBlank: Bool) -> String? {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let byte = bytes[index]
            index += 1
            if byte == UInt8(ascii: "+"), plusIsBlank {
                result.append(0x20)
            } else if byte == UInt8(ascii: "%") {
                guard index + 1 < bytes.endIndex, let high = value(bytes[index]),
                    let low = value(bytes[index + 1])
                else { return nil }
                result.append(high << 4 | low)
                index += 2
            } else {
                result.append(byte)
            }
        }
        // In a query they are words that nothing is called by.
        guard plusIsBlank || !result.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { return nil }
        return String(validating: result, as: UTF8.self)
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// A path as a target writes it: each part with escapes for all but the characters that never need any.
    package static func escaped(_ path: String) -> String {
        var text = ""
        for byte in path.utf8 {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "/"):
                text.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                text += "%" + (digits.utf8.count == 1 ? "0" : "") + digits
            }
        }
        return text
    }
}
