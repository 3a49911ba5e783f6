import CLanes

/// Sixteen whole numbers of 32 bits.
struct LaneBits {
    /// The numbers as C has them.
    var vector: lanes_bits

    /// Zeros.
    @inline(__always)
    init() { vector = lanes_repeat_bits(0) }

    /// The same number in each lane.
    @inline(__always)
    init(repeating value: Int32) { vector = lanes_repeat_bits(value) }

    /// What C has.
    @inline(__always)
    init(_ vector: lanes_bits) { self.vector = vector }

    /// The number of each lane.
    @inline(__always)
    static var numbers: LaneBits { LaneBits(lanes_numbers()) }

    /// All ones, which are -1, in the lanes of a mask, and 0 in the others.
    @inline(__always)
    init(_ mask: LaneMask) { vector = mask.bits }

    /// One lane's number.
    @inline(__always)
    subscript(lane: Int) -> Int32 {
        get { vector[lane] }
        set { vector[lane] = newValue }
    }
}

extension LaneBits {
    /// Other numbers in the lanes of a mask.
    @inline(__always)
    func replacing(with other: LaneBits, where mask: LaneMask) -> LaneBits {
        LaneBits(lanes_select_bits(mask.bits, other.vector, vector))
    }

    /// Where numbers are less than others.
    @inline(__always)
    func isLess(_ other: LaneBits) -> LaneMask { LaneMask(bits: lanes_less_bits(vector, other.vector)) }

    /// 0 in the lanes of a mask.
    @inline(__always)
    func cleared(_ mask: LaneMask) -> LaneBits { LaneBits(lanes_clear(mask.bits, vector)) }

    /// The lowest eight bits of each lane.
    @inline(__always)
    var bytes: SIMD16<UInt8> { lanes_narrow(vector) }

    /// The lowest bit of each lane, that of the first the lowest.
    @inline(__always)
    var lowestBits: UInt16 { UInt16(truncatingIfNeeded: lanes_lowest_bits(vector)) }

    /// The bits that both have.
    @inline(__always)
    static func & (a: LaneBits, b: Int32) -> LaneBits { LaneBits(lanes_and(a.vector, lanes_repeat_bits(b))) }
    /// The bits that either has.
    @inline(__always)
    static func | (a: LaneBits, b: Int32) -> LaneBits { LaneBits(lanes_or(a.vector, lanes_repeat_bits(b))) }
    /// The bits that both have.
    @inline(__always)
    static func & (a: LaneBits, b: LaneBits) -> LaneBits { LaneBits(lanes_and(a.vector, b.vector)) }
    /// The bits that either has.
    @inline(__always)
    static func | (a: LaneBits, b: LaneBits) -> LaneBits { LaneBits(lanes_or(a.vector, b.vector)) }
    /// The sums, cut off at 32 bits.
    @inline(__always)
    static func &+ (a: LaneBits, b: LaneBits) -> LaneBits { LaneBits(lanes_plus(a.vector, b.vector)) }
    /// The differences, cut off at 32 bits.
    @inline(__always)
    static func &- (a: LaneBits, b: LaneBits) -> LaneBits { LaneBits(lanes_minus(a.vector, b.vector)) }
    /// Moves the bits up.
    @inline(__always)
    static func &<< (a: LaneBits, count: Int) -> LaneBits {
        LaneBits(lanes_shift_left(a.vector, Int32(truncatingIfNeeded: count)))
    }
    /// Moves the bits down; zeros come after them.
    @inline(__always)
    static func &>> (a: LaneBits, count: Int) -> LaneBits {
        LaneBits(lanes_shift_right(a.vector, Int32(truncatingIfNeeded: count)))
    }
}
