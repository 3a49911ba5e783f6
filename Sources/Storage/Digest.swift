/// A SHA-256 value (FIPS 180-4): 32 bytes, the identity of content everywhere in Knapsack.
public struct SHA256Digest: Hashable, Sendable, CustomStringConvertible {
    private let words: (UInt64, UInt64, UInt64, UInt64)

    /// Reads exactly 64 lowercase hexadecimal digits; everything else is `nil`.
    public init?(hex: some StringProtocol) {
        guard let bytes = decodedHex(hex.utf8, count: 32) else { return nil }
        self.init(bytes)
    }

    /// Takes exactly 32 bytes; any other number is `nil`.
    public init?(_ bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        func word(_ start: Int) -> UInt64 {
            bytes[start..<start + 8].reduce(0) { $0 << 8 | UInt64($1) }
        }
        words = (word(0), word(8), word(16), word(24))
    }

    /// The 32 bytes in the order in which the hash function gives them.
    public var bytes: [UInt8] {
        [words.0, words.1, words.2, words.3].flatMap { word in
            stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: word >> UInt64($0)) }
        }
    }

    /// 64 lowercase hexadecimal digits.
    public var hex: String { hexText(bytes) }

    /// 64 lowercase hexadecimal digits.
    public var description: String { hex }

    /// Whether all 256 bits are equal.
    public static func == (left: SHA256Digest, right: SHA256Digest) -> Bool { left.words == right.words }

    /// Feeds all 256 bits.
    public func hash(into hasher: inout Swift.Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
        hasher.combine(words.2)
        hasher.combine(words.3)
    }
}

/// A SHA-1 value as git names a blob by it: of "blob", a space, the length in decimal, a NUL, the content.
public struct GitBlobDigest: Hashable, Sendable, CustomStringConvertible {
    /// 40 lowercase hexadecimal digits.
    public let hex: String

    /// Reads exactly 40 lowercase hexadecimal digits; everything else is `nil`.
    public init?(hex: some StringProtocol) {
        guard decodedHex(hex.utf8, count: 20) != nil else { return nil }
        self.hex = String(hex)
    }

    init(_ bytes: [UInt8]) { hex = hexText(bytes) }

    /// 40 lowercase hexadecimal digits.
    public var description: String { hex }
}

private func hexText(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(
        decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}

private func decodedHex(_ text: some Collection<UInt8>, count: Int) -> [UInt8]? {
    guard text.count == 2 * count else { return nil }
    var result: [UInt8] = []
    var high: UInt8?
    for byte in text {
        let digit: UInt8
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
        default: return nil
        }
        if let first = high {
            result.append(first << 4 | digit)
            high = nil
        } else {
            high = digit
        }
    }
    return result
}
