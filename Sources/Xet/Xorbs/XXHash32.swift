import Formats

/// xxHash with 32 bits and seed 0, the checksum in frames of LZ4 (xxHash specification 0.1.1).
enum XXHash32 {
    private static let primes: (UInt32, UInt32, UInt32, UInt32, UInt32) = (
        0x9E37_79B1, 0x85EB_CA77, 0xC2B2_AE3D, 0x27D4_EB2F, 0x1656_67B1
    )

    /// The checksum of bytes.
    static func of(_ bytes: Span<UInt8>) -> UInt32 {
        var index = 0
        var sum: UInt32
        if bytes.count >= 16 {
            var lanes = SIMD4<UInt32>(primes.0 &+ primes.1, primes.1, 0, 0 &- primes.0)
            while index + 16 <= bytes.count {
                for lane in 0..<4 {
                    lanes[lane] =
                        turned(lanes[lane] &+ word(bytes, index + 4 * lane) &* primes.1, 13) &* primes.0
                }
                index += 16
            }
            sum = turned(lanes[0], 1) &+ turned(lanes[1], 7) &+ turned(lanes[2], 12) &+ turned(lanes[3], 18)
        } else {
            sum = primes.4
        }
        sum = sum &+ UInt32(truncatingIfNeeded: bytes.count)
        while index + 4 <= bytes.count {
            sum = turned(sum &+ word(bytes, index) &* primes.2, 17) &* primes.3
            index += 4
        }
        while index < bytes.count {
            sum = turned(sum &+ UInt32(bytes[index]) &* primes.4, 11) &* primes.0
            index += 1
        }
        sum = (sum ^ sum >> 15) &* primes.1
        sum = (sum ^ sum >> 13) &* primes.2
        return sum ^ sum >> 16
    }

    private static func word(_ bytes: Span<UInt8>, _ start: Int) -> UInt32 {
        UInt32(truncatingIfNeeded: littleEndian(bytes, start..<start + 4))
    }

    private static func turned(_ word: UInt32, _ count: UInt32) -> UInt32 {
        word &<< count | word &>> (32 - count)
    }
}
