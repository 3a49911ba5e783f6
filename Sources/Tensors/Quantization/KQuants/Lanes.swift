/// Eight numbers of eight different sub-blocks. What happens in one lane does not depend on the others, so that
/// each lane has the bytes that it would have alone.
typealias Lanes = SIMD8<Float>

/// Which lanes.
typealias LaneMask = SIMDMask<SIMD8<Int32>>

extension Lanes {
    /// The nearest integers, the even one of two, no less than `least` and no more than `most`.
    ///
    /// The sum with 1.5 * 2^23 has the integer in its lowest 23 bits, as ggml's `nearest_int` reads it, also
    /// where that has no meaning: past 2^22, and where the number is none.
    @inline(__always)
    func nearest(from least: Float, to most: Float) -> Lanes {
        // SAFETY: both are eight lanes of 32 bits, and every pattern of bits is a number of either kind.
        let bits = unsafe unsafeBitCast(self + 12_582_912, to: SIMD8<UInt32>.self)
        let lowest = (bits & 0x7F_FFFF) | 0x4B00_0000
        // SAFETY: as above.
        var sums = unsafe unsafeBitCast(lowest, to: Lanes.self)
        sums.replace(with: 12_582_912 + least, where: sums .< 12_582_912 + least)
        sums.replace(with: 12_582_912 + most, where: sums .> 12_582_912 + most)
        return sums - 12_582_912
    }

    /// The numbers without their signs.
    @inline(__always)
    var magnitudes: Lanes {
        // SAFETY: both are eight lanes of 32 bits, and every pattern of bits is a number of either kind.
        let bits = unsafe unsafeBitCast(self, to: SIMD8<UInt32>.self)
        return unsafe unsafeBitCast(bits & 0x7FFF_FFFF, to: Lanes.self)
    }
}

/// Sixteen numbers of each of eight sub-blocks: lane k of element i is number i of sub-block k.
typealias Lanes16 = [16 of Lanes]
/// The same with 32 numbers.
typealias Lanes32 = [32 of Lanes]

/// The numbers of eight sub-blocks that lie one after the other.
@inline(__always)
func transposed16(_ values: Span<Float>, from start: Int) -> Lanes16 {
    let part = values.extracting(start..<start + 128)
    var lanes = Lanes16(repeating: Lanes())
    for i in 0..<16 {
        for lane in 0..<8 { lanes[i][lane] = part[lane &* 16 &+ i] }
    }
    return lanes
}

/// The numbers of eight sub-blocks that lie one after the other.
@inline(__always)
func transposed32(_ values: Span<Float>, from start: Int) -> Lanes32 {
    let part = values.extracting(start..<start + 256)
    var lanes = Lanes32(repeating: Lanes())
    for i in 0..<32 {
        for lane in 0..<8 { lanes[i][lane] = part[lane &* 32 &+ i] }
    }
    return lanes
}
