import Catalogue

extension CRC32 {
    /// The checksum of content that is followed by other content, of the checksums of both (as zlib's `crc32_combine`).
    /// - Parameter length: of the second content in bytes, not negative.
    static func combined(_ first: UInt32, _ second: UInt32, length: Int) -> UInt32 {
        // What one bit more does to a checksum is linear: a matrix of 32 columns. It is squared for each bit of the length.
        var odd: [UInt32] = [0xEDB8_8320] + (0..<31).map { UInt32(1) << UInt32($0) }
        var even = squared(odd)
        odd = squared(even)
        var result = first
        var left = length
        while left > 0 {
            even = squared(odd)
            if left & 1 == 1 { result = product(even, result) }
            left >>= 1
            guard left > 0 else { break }
            odd = squared(even)
            if left & 1 == 1 { result = product(odd, result) }
            left >>= 1
        }
        return result ^ second
    }

    private static func product(_ matrix: [UInt32], _ vector: UInt32) -> UInt32 {
        var sum: UInt32 = 0
        for (bit, column) in matrix.enumerated() where vector >> UInt32(bit) & 1 == 1 { sum ^= column }
        return sum
    }

    private static func squared(_ matrix: [UInt32]) -> [UInt32] { matrix.map { product(matrix, $0) } }
}
