import CLanes

/// Sixteen numbers of sixteen different sub-blocks. What happens in one lane does not depend on the others, so that
/// each lane has the bytes that it would have alone.
///
/// The widest registers hold sixteen; where there are only narrower ones, several hold them, and work at once.
struct Lanes {
    /// The number of lanes.
    static var count: Int { 16 }

    /// How many registers hold sixteen numbers.
    @inline(__always)
    static var registers: Int { Int(lanes_registers()) }

    /// The numbers as C has them.
    var vector: lanes_floats

    /// Zeros.
    @inline(__always)
    init() { vector = lanes_repeat(0) }

    /// The same number in each lane.
    @inline(__always)
    init(repeating value: Float) { vector = lanes_repeat(value) }

    /// Sixteen numbers.
    @inline(__always)
    init(
        _ a: Float, _ b: Float, _ c: Float, _ d: Float, _ e: Float, _ f: Float, _ g: Float, _ h: Float,
        _ i: Float, _ j: Float, _ k: Float, _ l: Float, _ m: Float, _ n: Float, _ o: Float, _ p: Float
    ) {
        vector = lanes_list(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p)
    }

    /// One number in the lower eight lanes, another in the upper ones.
    @inline(__always)
    init(_ lower: Float, _ upper: Float) { vector = lanes_halves(lower, upper) }

    /// What C has.
    @inline(__always)
    init(_ vector: lanes_floats) { self.vector = vector }

    /// One lane's number.
    @inline(__always)
    subscript(lane: Int) -> Float {
        get { vector[lane] }
        set { vector[lane] = newValue }
    }
}

/// Which lanes.
struct LaneMask {
    /// All ones in each lane that is one of them, zero in the others.
    var bits: lanes_bits

    /// The lanes of both.
    @inline(__always)
    static func .& (a: LaneMask, b: LaneMask) -> LaneMask { LaneMask(bits: lanes_both(a.bits, b.bits)) }

    /// The lanes of either.
    @inline(__always)
    static func .| (a: LaneMask, b: LaneMask) -> LaneMask { LaneMask(bits: lanes_or(a.bits, b.bits)) }

    /// Where one number is no more than another; nowhere where one of them is none.
    @inline(__always)
    init(atMost a: Lanes, _ b: Lanes) { bits = lanes_at_most(a.vector, b.vector) }

    /// Has bits that are all ones or all zeros in each lane.
    @inline(__always)
    init(bits: lanes_bits) { self.bits = bits }

    /// The lanes of which the bits are set, that of the first the lowest.
    @inline(__always)
    init(lanes: UInt32) { bits = lanes_mask_of(lanes) }

    /// Whether a lane is one of them.
    @inline(__always)
    subscript(lane: Int) -> Bool { bits[lane] != 0 }

    /// A bit for each lane, that of the first the lowest.
    @inline(__always)
    var lanes: UInt32 { lanes_mask_bits(bits) }

    /// Whether there are any.
    @inline(__always)
    var hasAny: Bool { lanes_any(bits) != 0 }
}

extension Lanes {
    /// The sums.
    @inline(__always)
    static func + (a: Lanes, b: Lanes) -> Lanes { Lanes(lanes_add(a.vector, b.vector)) }
    /// The differences.
    @inline(__always)
    static func - (a: Lanes, b: Lanes) -> Lanes { Lanes(lanes_subtract(a.vector, b.vector)) }
    /// The products.
    @inline(__always)
    static func * (a: Lanes, b: Lanes) -> Lanes { Lanes(lanes_multiply(a.vector, b.vector)) }
    /// The quotients.
    @inline(__always)
    static func / (a: Lanes, b: Lanes) -> Lanes { Lanes(lanes_divide(a.vector, b.vector)) }
    /// Adds to each lane.
    @inline(__always)
    static func += (a: inout Lanes, b: Lanes) { a = a + b }

    /// The sums.
    @inline(__always)
    static func + (a: Lanes, b: Float) -> Lanes { a + Lanes(repeating: b) }
    /// The differences.
    @inline(__always)
    static func - (a: Lanes, b: Float) -> Lanes { a - Lanes(repeating: b) }
    /// The products.
    @inline(__always)
    static func * (a: Lanes, b: Float) -> Lanes { a * Lanes(repeating: b) }
    /// The quotients.
    @inline(__always)
    static func / (a: Lanes, b: Float) -> Lanes { a / Lanes(repeating: b) }
    /// The sums.
    @inline(__always)
    static func + (a: Float, b: Lanes) -> Lanes { Lanes(repeating: a) + b }
    /// The differences.
    @inline(__always)
    static func - (a: Float, b: Lanes) -> Lanes { Lanes(repeating: a) - b }
    /// The products.
    @inline(__always)
    static func * (a: Float, b: Lanes) -> Lanes { Lanes(repeating: a) * b }
    /// The quotients.
    @inline(__always)
    static func / (a: Float, b: Lanes) -> Lanes { Lanes(repeating: a) / b }

    /// Where one is less than the other.
    @inline(__always)
    static func .< (a: Lanes, b: Lanes) -> LaneMask { LaneMask(bits: lanes_less(a.vector, b.vector)) }
    /// Where one is more than the other.
    @inline(__always)
    static func .> (a: Lanes, b: Lanes) -> LaneMask { b .< a }
    /// Where they are not the same.
    @inline(__always)
    static func .!= (a: Lanes, b: Lanes) -> LaneMask { LaneMask(bits: lanes_not_equal(a.vector, b.vector)) }
    /// Where one is less than the other.
    @inline(__always)
    static func .< (a: Lanes, b: Float) -> LaneMask { a .< Lanes(repeating: b) }
    /// Where one is more than the other.
    @inline(__always)
    static func .> (a: Lanes, b: Float) -> LaneMask { Lanes(repeating: b) .< a }
    /// Where they are not the same.
    @inline(__always)
    static func .!= (a: Lanes, b: Float) -> LaneMask { a .!= Lanes(repeating: b) }

    /// Other numbers in the lanes of a mask.
    @inline(__always)
    func replacing(with other: Lanes, where mask: LaneMask) -> Lanes {
        Lanes(lanes_select(mask.bits, other.vector, vector))
    }

    /// Takes other numbers in the lanes of a mask.
    @inline(__always)
    mutating func replace(with other: Lanes, where mask: LaneMask) {
        self = replacing(with: other, where: mask)
    }

    /// Takes another number in the lanes of a mask.
    @inline(__always)
    mutating func replace(with other: Float, where mask: LaneMask) {
        replace(with: Lanes(repeating: other), where: mask)
    }
}

extension Lanes {
    /// Whether processors of this level look up sixteen numbers at once: if not, calculating is faster.
    @inline(__always)
    static var hasLookup: Bool { lanes_has_lookup() != 0 }

    /// The numbers of the lanes that `places` names for each lane, all from 0 to 15.
    @inline(__always)
    subscript(places: LaneBits) -> Lanes { Lanes(lanes_lookup(vector, places.vector)) }

    /// For each lane the number at the place that the lowest three bits of a lane of `places` name, of a table that
    /// is twice the same eight numbers.
    @inline(__always)
    func amongEight(_ places: LaneBits) -> Lanes { Lanes(lanes_lookup_eight(vector, places.vector)) }

    /// The same with the lowest two bits, of a table that is four times the same four numbers.
    @inline(__always)
    func amongFour(_ places: LaneBits) -> Lanes { Lanes(lanes_lookup_four(vector, places.vector)) }

    /// The first or the second half, twice.
    @inline(__always)
    func halfTwice(_ half: Int) -> Lanes { Lanes(lanes_half_twice(vector, Int32(truncatingIfNeeded: half))) }

    /// One of the quarters, four times.
    @inline(__always)
    func quarterFourTimes(_ quarter: Int) -> Lanes {
        Lanes(lanes_quarter_four_times(vector, Int32(truncatingIfNeeded: quarter)))
    }

    /// Whole numbers less than 2^24 as floats.
    @inline(__always)
    init(_ whole: LaneBits) { vector = lanes_convert(whole.vector) }

    /// Takes the numbers of others that are less.
    @inline(__always)
    mutating func takeLess(_ others: Lanes) { replace(with: others, where: others .< self) }

    /// A bit for each lane that has the least number, that of the first the lowest; all have to be numbers.
    @inline(__always)
    var lanesOfLeast: UInt32 { LaneMask(atMost: self, Lanes(repeating: lanes_least(vector))).lanes }

    /// The first lane that has the least number; all have to be numbers.
    @inline(__always)
    var placeOfLeast: Int { (lanesOfLeast | 0x1_0000).trailingZeroBitCount & 15 }

    /// The number of the largest magnitude, the first of equal ones; 0 where there is none, and what is no number counts
    /// as 0.
    @inline(__always)
    var peak: Float {
        let numbers = replacing(with: Lanes(), where: self .!= self)
        return numbers[(Lanes() - numbers.magnitudes).placeOfLeast]
    }

    /// The numbers without their signs.
    @inline(__always)
    var magnitudes: Lanes { Lanes(lanes_floats_of((bits & 0x7FFF_FFFF).vector)) }

    /// The square roots.
    @inline(__always)
    func squareRoot() -> Lanes { Lanes(lanes_root(vector)) }

    /// The numbers' bits.
    @inline(__always)
    var bits: LaneBits { LaneBits(lanes_bits_of(vector)) }

    /// The nearest integers, the even one of two, no less than `least` and no more than `most`.
    ///
    /// The sum with 1.5 * 2^23 has the integer in its lowest 23 bits, as ggml's `nearest_int` reads it, also
    /// where that has no meaning: past 2^22, and where the number is none.
    @inline(__always)
    func nearest(from least: Float, to most: Float) -> Lanes {
        nearestSums(from: least, to: most) - 12_582_912
    }

    /// The same from 0 to no more than 255, as whole numbers.
    @inline(__always)
    func nearestBits(to most: Float) -> LaneBits { nearestSums(from: 0, to: most).bits & 0xFF }

    /// The nearest integers and 1.5 * 2^23.
    @inline(__always)
    private func nearestSums(from least: Float, to most: Float) -> Lanes {
        let lowest = (self + 12_582_912).bits & 0x7F_FFFF | 0x4B00_0000
        return Lanes(lanes_floats_of(lowest.vector)).clamped(12_582_912 + least, 12_582_912 + most)
    }

    /// The same for numbers that are known to be less than 2^22, of which infinities and what is no number do
    /// not matter.
    @inline(__always)
    func nearestOfSmall(from least: Float, to most: Float) -> Lanes {
        (self + 12_582_912).clamped(12_582_912 + least, 12_582_912 + most) - 12_582_912
    }

    /// Cuts off what is less or more.
    @inline(__always)
    private func clamped(_ least: Float, _ most: Float) -> Lanes {
        let raised = replacing(with: Lanes(repeating: least), where: self .< least)
        return raised.replacing(with: Lanes(repeating: most), where: raised .> most)
    }

    /// Whole numbers from 0 to 255 as such.
    @inline(__always)
    var wholeNumbers: LaneBits { (self + 8_388_608).bits & 0xFF }
}
