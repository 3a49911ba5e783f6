import Formats

/// Which part of a file a request asks for (RFC 9110, 14.2).
package enum ByteRange: Equatable, Sendable {
    /// The whole of it: nothing is asked, or what nobody has to understand.
    case whole
    /// These bytes, at least one.
    case part(Range<Int>)
    /// Bytes that the file does not have.
    case unsatisfiable

    /// Reads the value of a `Range` field. Several ranges at once are answered with the whole, which is allowed.
    /// - Parameter size: of the file in bytes.
    package static func of(_ value: String?, size: Int) -> ByteRange {
        guard let value, value.lowercased().hasUTF8Prefix("bytes=") else { return .whole }
        let text = Array(value.utf8.dropFirst(6))
        guard let dash = text.firstIndex(of: UInt8(ascii: "-")) else { return .whole }
        let (first, last) = (number(text[..<dash]), number(text[(dash + 1)...]))
        switch (first, last) {
        case (.value(let start), .none):
            return start < size ? .part(start..<size) : .unsatisfiable
        case (.value(let start), .value(let end)):
            guard start <= end else { return .whole }
            return start < size ? .part(start..<min(end, size - 1) + 1) : .unsatisfiable
        case (.none, .value(let count)):
            guard count > 0, size > 0 else { return .unsatisfiable }
            return .part(max(0, size - count)..<size)
        default: return .whole
        }
    }

    private enum Number {
        case none, value(Int), wrong
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> Number {
        if bytes.isEmpty { return .none }
        guard bytes.count <= 18, bytes.allSatisfy({ (0x30...0x39).contains($0) }),
            let value = Int(String(decoding: bytes, as: UTF8.self))
        else { return .wrong }
        return .value(value)
    }
}

/// Whether what a client has is still what there is (RFC 9110, 13.1).
package enum Precondition {
    /// Whether one of the tags of an `If-None-Match` field is the one of the content, compared weakly.
    /// - Parameter tag: with its quotation marks.
    package static func matches(_ value: String?, _ tag: String) -> Bool {
        guard let value else { return false }
        return HeaderFields.list(value).contains { word in
            word == "*" || (word.hasUTF8Prefix("W/") ? String(word.dropFirst(2)) : word).hasSameBytes(as: tag)
        }
    }
}
