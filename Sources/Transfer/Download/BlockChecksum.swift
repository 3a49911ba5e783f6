/// A checksum of bytes that were received, by which the next run sees whether they reached the disk: after a loss of power
/// a file may have its length without its content. It is no proof of content, which SHA-256 is.
///
/// Four lanes of 64 bits, each multiplied and rotated with every word, mixed at the end with the finalizer of
/// MurmurHash3 (fmix64).
enum BlockChecksum {
    private static let factor: UInt64 = 0x9E37_79B9_7F4A_7C15

    /// The checksum of bytes.
    static func of(_ bytes: Span<UInt8>) -> UInt64 {
        var lanes: (UInt64, UInt64, UInt64, UInt64) = (1, 2, 3, 4)
        var index = 0
        while index &+ 32 <= bytes.count {
            let block = bytes.extracting(index..<index &+ 32)
            lanes.0 = step(lanes.0, word(block, 0))
            lanes.1 = step(lanes.1, word(block, 8))
            lanes.2 = step(lanes.2, word(block, 16))
            lanes.3 = step(lanes.3, word(block, 24))
            index &+= 32
        }
        var rest: UInt64 = 0
        while index < bytes.count {
            rest = step(rest, UInt64(bytes[index]))
            index &+= 1
        }
        var sum = UInt64(truncatingIfNeeded: bytes.count)
        for lane in [lanes.0, lanes.1, lanes.2, lanes.3, rest] { sum = step(sum, mixed(lane)) }
        return mixed(sum)
    }

    @inline(__always)
    private static func word(_ bytes: Span<UInt8>, _ start: Int) -> UInt64 {
        var word: UInt64 = 0
        for place in 0..<8 {
            word |= UInt64(bytes[start &+ place]) &<< UInt64(truncatingIfNeeded: 8 &* place)
        }
        return word
    }

    @inline(__always)
    private static func step(_ lane: UInt64, _ word: UInt64) -> UInt64 {
        let product = (lane ^ word) &* factor
        return product &<< 29 | product &>> 35
    }

    private static func mixed(_ value: UInt64) -> UInt64 {
        var value = value
        value ^= value &>> 33
        value = value &* 0xFF51_AFD7_ED55_8CCD
        value ^= value &>> 33
        value = value &* 0xC4CE_B9FE_1A85_EC53
        return value ^ value &>> 33
    }
}
