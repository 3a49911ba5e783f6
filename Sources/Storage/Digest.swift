/// A SHA-256 value (FIPS 180-4): 32 bytes, the identity of content everywhere in Knapsack.
package struct SHA256Digest: Hashable, Sendable, CustomStringConvertible {
    private let words: (UInt64, UInt64, UInt64, UInt64)

    /// 256 zeros, which are the hash of nothing that anybody knows.
    package static let zero = SHA256Digest()

    private init() { words = (0, 0, 0, 0) }

    /// Reads exactly 64 lowercase hexadecimal digits; everything else is `nil`.
    package init?(hex: String) {
        // A lock has one for each file and tensor, so this is done without a step through characters.
        let text = hex.utf8Span
        let digits = text.span
        guard digits.count == 64 else { return nil }
        func word(_ start: Int) -> UInt64? {
            var word: UInt64 = 0
            for index in start..<start + 16 {
                guard let value = hexValue(digits[index]) else { return nil }
                word = word << 4 | UInt64(value)
            }
            return word
        }
        guard let first = word(0), let second = word(16), let third = word(32), let fourth = word(48) else {
            return nil
        }
        words = (first, second, third, fourth)
    }

    /// Reads exactly 64 lowercase hexadecimal digits; everything else is `nil`.
    package init?(hex: some StringProtocol) { self.init(hex: String(hex)) }

    /// Takes exactly 32 bytes; any other number is `nil`.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        func word(_ start: Int) -> UInt64 {
            bytes[start..<start + 8].reduce(0) { $0 << 8 | UInt64($1) }
        }
        words = (word(0), word(8), word(16), word(24))
    }

    /// The 32 bytes in the order in which the hash function gives them.
    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(32)
        for word in [words.0, words.1, words.2, words.3] {
            for byte in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * byte))) }
        }
        return bytes
    }

    /// 64 lowercase hexadecimal digits.
    package var hex: String { hexText(bytes) }

    /// 64 lowercase hexadecimal digits.
    package var description: String { hex }

    /// Whether all 256 bits are equal.
    package static func == (left: SHA256Digest, right: SHA256Digest) -> Bool { left.words == right.words }

    /// Feeds all 256 bits.
    package func hash(into hasher: inout Swift.Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
        hasher.combine(words.2)
        hasher.combine(words.3)
    }
}

/// A SHA-1 value as git names a blob by it: of "blob", a space, the length in decimal, a NUL, the content.
package struct GitBlobDigest: Hashable, Sendable, CustomStringConvertible {
    /// 40 lowercase hexadecimal digits.
    package let hex: String

    /// Reads exactly 40 lowercase hexadecimal digits; everything else is `nil`.
    package init?(hex: some StringProtocol) {
        guard hex.utf8.count == 40, hex.utf8.allSatisfy({ hexValue($0) != nil }) else { return nil }
        self.hex = String(hex)
    }

    /// Takes the 20 bytes of a git object's name.
    package init(_ bytes: [UInt8]) { hex = hexText(bytes) }

    /// 40 lowercase hexadecimal digits.
    package var description: String { hex }
}

private func hexText(_ bytes: [UInt8]) -> String {
    func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x61 + value - 10 }
    var text: [UInt8] = []
    text.reserveCapacity(2 * bytes.count)
    for byte in bytes {
        text.append(digit(byte >> 4))
        text.append(digit(byte & 15))
    }
    return String(decoding: text, as: UTF8.self)
}

/// The value of a lowercase hexadecimal digit; `nil` for every other byte.
private func hexValue(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    default: nil
    }
}
