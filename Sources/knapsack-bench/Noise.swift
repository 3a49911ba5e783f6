/// Bytes that do not compress and differ from seed to seed: xorshift64 (Marsaglia 2003).
struct Noise {
    private var state: UInt64

    /// Begins a sequence; equal seeds give equal ones.
    init(seed: Int) {
        state = UInt64(truncatingIfNeeded: seed) &* 0x9E37_79B9_7F4A_7C15 | 1
        for _ in 0..<8 { _ = next() }
    }

    /// The next 64 bits.
    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }

    /// The next `count` bytes.
    mutating func block(_ count: Int) -> [UInt8] {
        var block = [UInt8](repeating: 0, count: (count + 7) / 8 * 8)
        for index in stride(from: 0, to: block.count, by: 8) {
            let word = next()
            for byte in 0..<8 { block[index + byte] = UInt8(truncatingIfNeeded: word >> (8 * UInt64(byte))) }
        }
        return Array(block.prefix(count))
    }

    /// Floats as the weights of a model are: near 0, most of them small.
    static func floats(_ count: Int, seed: UInt64) -> [Float] {
        var noise = Noise(seed: Int(truncatingIfNeeded: seed))
        return (0..<count).map { _ in
            let word = noise.next()
            let halves = Float(Int32(truncatingIfNeeded: word)) + Float(Int32(truncatingIfNeeded: word >> 32))
            return halves / 0x20_0000_0000
        }
    }
}
