/// A set of bytes.
struct ByteSet: Equatable, Sendable {
    private var words: SIMD4<UInt64> = .zero

    static let digit = ByteSet("0"..."9")
    static let lower = ByteSet("a"..."z")
    static let upper = ByteSet("A"..."Z")
    static let space = ByteSet(of: [0x20, 0x09, 0x0A, 0x0B, 0x0C, 0x0D])
    static let word = digit.union(lower).union(upper).union(ByteSet(of: [UInt8(ascii: "_")]))
    /// What a point means: anything but the end of a line.
    static let any = ByteSet(of: [0x0A, 0x0D]).inverted

    init() {}

    init(of bytes: [UInt8]) { for byte in bytes { insert(byte) } }

    init(_ range: ClosedRange<Unicode.Scalar>) {
        for byte in UInt8(ascii: range.lowerBound)...UInt8(ascii: range.upperBound) { insert(byte) }
    }

    mutating func insert(_ byte: UInt8) { words[Int(byte >> 6)] |= 1 << UInt64(byte & 63) }

    func contains(_ byte: UInt8) -> Bool { words[Int(byte >> 6)] >> UInt64(byte & 63) & 1 == 1 }

    func union(_ other: ByteSet) -> ByteSet {
        var result = self
        result.words |= other.words
        return result
    }

    var inverted: ByteSet {
        var result = self
        result.words = ~words
        return result
    }

    /// The classes that `[:name:]` may name in a bracket (C's, in the C locale); `nil` for another name.
    init?(named name: String) {
        let punctuation = ByteSet("!"..."~")
        switch name {
        case "alpha": self = Self.lower.union(Self.upper)
        case "alnum": self = Self.lower.union(Self.upper).union(Self.digit)
        case "digit", "d": self = Self.digit
        case "lower": self = Self.lower
        case "upper": self = Self.upper
        case "space", "s": self = Self.space
        case "w": self = Self.word
        case "blank": self = ByteSet(of: [0x20, 0x09])
        case "xdigit": self = Self.digit.union(ByteSet("a"..."f")).union(ByteSet("A"..."F"))
        case "cntrl": self = ByteSet(of: Array(0...0x1F) + [0x7F])
        case "graph": self = punctuation
        case "print": self = punctuation.union(ByteSet(of: [0x20]))
        case "punct":
            let letters = Self.lower.union(Self.upper).union(Self.digit)
            self.init(of: (0x21...0x7E).filter { !letters.contains($0) })
        default: return nil
        }
    }
}
