/// The 256 characters that stand for bytes where a vocabulary is one of bytes, as GPT-2 has them: bytes that are
/// printable in Latin-1 stand for themselves, the others are U+0100 and on in their order.
package enum ByteCharacters {
    private static let scalars: [Unicode.Scalar] = {
        var result: [Unicode.Scalar] = []
        var next: UInt32 = 0x100
        for byte in UInt8.min...UInt8.max {
            switch byte {
            case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: result.append(Unicode.Scalar(byte))
            default:
                result.append(Unicode.Scalar(next) ?? "\u{FFFD}")
                next += 1
            }
        }
        return result
    }()

    private static let bytes: [Unicode.Scalar: UInt8] = {
        var result: [Unicode.Scalar: UInt8] = [:]
        for (byte, scalar) in scalars.enumerated() { result[scalar] = UInt8(truncatingIfNeeded: byte) }
        return result
    }()

    /// Writes the UTF-8 of a text as characters.
    static func encode(_ piece: inout TextPiece) {
        piece.map { scalar, result in
            for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter {
                result.append(scalars[Int(byte)])
            }
        }
    }

    /// The characters that stand for bytes.
    package static func text(_ bytes: some Sequence<UInt8>) -> String {
        var text = String.UnicodeScalarView()
        for byte in bytes { text.append(scalars[Int(byte)]) }
        return String(text)
    }

    /// The bytes that characters stand for, or `nil` where one of them stands for none.
    package static func decode(_ text: [Unicode.Scalar]) -> [UInt8]? {
        var result: [UInt8] = []
        for scalar in text {
            guard let byte = bytes[scalar] else { return nil }
            result.append(byte)
        }
        return result
    }
}
