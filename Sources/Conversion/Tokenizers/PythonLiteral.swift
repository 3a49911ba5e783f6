/// Texts and bytes as Python writes them.
enum PythonLiteral {
    /// The bytes of a literal, a text's in UTF-8; `nil` where it is none.
    static func bytes(_ literal: String) -> [UInt8]? {
        var rest = Array(literal.unicodeScalars)[...]
        let isBytes = rest.first == "b"
        if isBytes { rest = rest.dropFirst() }
        guard let quote = rest.first, quote == "'" || quote == "\"", rest.count >= 2, rest.last == quote
        else {
            return nil
        }
        rest = rest.dropFirst().dropLast()
        var bytes: [UInt8] = []
        while let next = rest.popFirst() {
            if next == quote { return nil }
            if next != "\\" {
                if isBytes, !next.isASCII { return nil }
                bytes += Array(String(next).utf8)
                continue
            }
            guard let scalar = escaped(&rest, isBytes) else { return nil }
            if isBytes {
                guard let byte = UInt8(exactly: scalar.value) else { return nil }
                bytes.append(byte)
            } else {
                bytes += Array(String(scalar).utf8)
            }
        }
        return bytes
    }

    /// What stands behind a backslash.
    private static func escaped(
        _ rest: inout ArraySlice<Unicode.Scalar>, _ isBytes: Bool
    ) -> Unicode.Scalar? {
        guard let kind = rest.popFirst() else { return nil }
        let lengths: [Unicode.Scalar: Int] = isBytes ? ["x": 2] : ["x": 2, "u": 4, "U": 8]
        if let length = lengths[kind] {
            guard rest.count >= length else { return nil }
            let digits = String(String.UnicodeScalarView(rest.prefix(length)))
            rest = rest.dropFirst(length)
            // A sign is none of Python's digits.
            guard digits.utf8.allSatisfy({ $0 != UInt8(ascii: "+") }) else { return nil }
            return UInt32(digits, radix: 16).flatMap(Unicode.Scalar.init)
        }
        let plain: [Unicode.Scalar: Unicode.Scalar] = [
            "\\": "\\", "'": "'", "\"": "\"", "n": "\n", "r": "\r", "t": "\t", "a": "\u{7}", "b": "\u{8}",
            "f": "\u{C}", "v": "\u{B}", "0": "\0",
        ]
        return plain[kind]
    }

    /// Bytes as Python shows them, without the quotes around them.
    static func shown(_ bytes: [UInt8]) -> String {
        let quote = UInt8(ascii: "'")
        let isDouble = bytes.contains(quote) && !bytes.contains(UInt8(ascii: "\""))
        var shown = ""
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "\\"): shown += "\\\\"
            case quote: shown += isDouble ? "'" : "\\'"
            case 9: shown += "\\t"
            case 10: shown += "\\n"
            case 13: shown += "\\r"
            case 0x20...0x7E: shown += String(UnicodeScalar(byte))
            default:
                let digits = String(byte, radix: 16)
                shown += "\\x" + (digits.utf8.count < 2 ? "0" : "") + digits
            }
        }
        return shown
    }
}
