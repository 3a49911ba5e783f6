extension MutableSpan<UInt8> {
    /// Writes the bytes of an integer, the lowest first.
    @inline(__always)
    package mutating func store<Bits: FixedWidthInteger>(_ bits: Bits, at index: Int) {
        for byte in 0..<Bits.bitWidth / 8 {
            self[index &+ byte] = UInt8(truncatingIfNeeded: bits &>> Bits(truncatingIfNeeded: 8 &* byte))
        }
    }
}

extension Span<UInt8> {
    /// The little-endian number of 16 bits at an index.
    @inline(__always)
    package func uint16(at index: Int) -> UInt16 {
        UInt16(self[index]) | UInt16(self[index &+ 1]) &<< 8
    }

    /// The little-endian number of 32 bits at an index.
    @inline(__always)
    package func uint32(at index: Int) -> UInt32 {
        UInt32(uint16(at: index)) | UInt32(uint16(at: index &+ 2)) &<< 16
    }
}

/// A byte of eight signs from the lowest seven: the number of negatives is even.
@inline(__always)
func withEvenSigns(_ seven: UInt8) -> UInt8 {
    seven | UInt8(truncatingIfNeeded: seven.nonzeroBitCount) &<< 7
}
