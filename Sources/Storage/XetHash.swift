/// A hash of the Xet protocol: 32 bytes that name a chunk, a xorb or a file.
///
/// As text it is not in the order of its bytes: it is four numbers of 64 bits, little-endian, each as 16 digits
/// (Xet protocol 1.1, "Converting hashes to strings").
package struct XetHash: Hashable, Sendable, CustomStringConvertible {
    /// The four numbers.
    package let words: SIMD4<UInt64>

    /// The hash of no bytes at all, as a file or as a xorb.
    package static let zero = XetHash(words: .zero)

    /// Takes the four numbers.
    package init(words: SIMD4<UInt64>) { self.words = words }

    /// Reads exactly 64 lowercase hexadecimal digits; everything else is `nil`.
    package init?(text: some StringProtocol) {
        // Its digits are those of a SHA-256; only the bytes behind them are in another order.
        guard let digits = SHA256Digest(hex: text) else { return nil }
        var words = SIMD4<UInt64>.zero
        for (index, byte) in digits.bytes.enumerated() {
            words[index / 8] = words[index / 8] << 8 | UInt64(byte)
        }
        self.words = words
    }

    /// Takes exactly 32 bytes; any other number is `nil`.
    package init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == 32 else { return nil }
        var words = SIMD4<UInt64>.zero
        for (index, byte) in bytes.enumerated() { words[index / 8] |= UInt64(byte) << UInt64(index % 8 * 8) }
        self.words = words
    }

    /// The 32 bytes in the order in which the hash function gives them.
    package var bytes: [UInt8] {
        (0..<32).map { UInt8(truncatingIfNeeded: words[$0 / 8] >> UInt64($0 % 8 * 8)) }
    }

    /// 64 lowercase hexadecimal digits.
    package var text: String {
        var text: [UInt8] = []
        text.reserveCapacity(64)
        appendText(to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// Appends the 64 digits.
    package func appendText(to text: inout [UInt8]) {
        for index in 0..<4 {
            for shift in stride(from: 60, through: 0, by: -4) {
                let digit = UInt8(truncatingIfNeeded: words[index] >> UInt64(shift)) & 15
                text.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
            }
        }
    }

    /// 64 lowercase hexadecimal digits.
    package var description: String { text }
}
