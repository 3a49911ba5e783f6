/// Eight numbers of eight different sub-blocks. What happens in one lane does not depend on the others, so that
/// each lane has the bytes that it would have alone.
package typealias Lanes = SIMD8<Float>

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
        sums.clamp(from: 12_582_912 + least, to: 12_582_912 + most)
        return sums - 12_582_912
    }

    /// The same for numbers that are known to be less than 2^22, of which infinities and what is no number do
    /// not matter.
    @inline(__always)
    func nearestOfSmall(from least: Float, to most: Float) -> Lanes {
        var sums = self + 12_582_912
        sums.clamp(from: 12_582_912 + least, to: 12_582_912 + most)
        return sums - 12_582_912
    }

    /// Cuts off what is less or more. Lane by lane, because the compiler makes two instructions of that, and six
    /// of comparing and replacing lanes.
    @inline(__always)
    private mutating func clamp(from least: Float, to most: Float) {
        for lane in 0..<8 {
            let raised = self[lane] < least ? least : self[lane]
            self[lane] = raised > most ? most : raised
        }
    }

    /// Whole numbers from 0 to 255 as bytes.
    @inline(__always)
    var bytes: SIMD8<UInt8> {
        // SAFETY: both are eight lanes of 32 bits, and every pattern of bits is a number of either kind.
        let bits = unsafe unsafeBitCast(self + 8_388_608, to: SIMD8<UInt32>.self)
        return SIMD8<UInt8>(truncatingIfNeeded: bits)
    }

    /// The numbers without their signs.
    @inline(__always)
    var magnitudes: Lanes {
        // SAFETY: both are eight lanes of 32 bits, and every pattern of bits is a number of either kind.
        let bits = unsafe unsafeBitCast(self, to: SIMD8<UInt32>.self)
        return unsafe unsafeBitCast(bits & 0x7FFF_FFFF, to: Lanes.self)
    }
}

extension MutableSpan<Lanes> {
    /// Takes the numbers of sub-blocks that follow one another: element i gets number i of each.
    /// - Parameter length: the numbers of a sub-block; eight of them are taken for every `length` elements.
    @inline(__always)
    mutating func transpose(_ values: Span<Float>, length: Int) {
        precondition(count % length == 0 && values.count == count * 8)
        for group in 0..<count / length {
            let part = values.extracting(group * length * 8..<(group + 1) * length * 8)
            for i in 0..<length {
                var lanes = Lanes()
                for lane in 0..<8 { lanes[lane] = part[lane &* length &+ i] }
                self[group &* length &+ i] = lanes
            }
        }
    }
}

extension MutableSpan<Lanes> {
    /// Weights of sub-blocks of 16: a column's importance times the root of `sigma` and the number's square.
    @inline(__always)
    mutating func weigh(_ x: Span<Lanes>, by importance: Span<Float>, sigma: Float) {
        precondition(x.count == count)
        transpose(importance, length: 16)
        for i in 0..<count { self[i] = self[i] * (sigma + x[i] * x[i]).squareRoot() }
    }
}

extension Span<Lanes> {
    /// The sums of sixteen sub-blocks of 16.
    package var sums: [Float] {
        var halves = [Lanes(), Lanes()]
        for i in 0..<32 { halves[i / 16] += self[i] }
        return (0..<16).map { halves[$0 / 8][$0 % 8] }
    }
}
