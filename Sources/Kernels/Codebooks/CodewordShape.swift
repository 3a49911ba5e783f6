/// How the elements of a codebook's word are packed into its code.
///
/// A level stands for an odd multiple of a scale: level l for 2l + 1.
protocol CodewordShape {
    /// The number of elements in a word.
    static var length: Int { get }
    /// The number of bits that a level takes in a code; the first element has the lowest.
    static var levelBits: Int { get }
    /// The number of levels that an element can have.
    static var levels: Int { get }
    /// What the levels of half a word stand for, one element after the other; bits that are no level for infinity.
    static var oddNumbers: Lanes { get }
    /// What sixteen words cost: the sum over the elements of each in their order.
    static func costs(of codes: LaneBits, _ tables: CostTables) -> Lanes
}

/// What each level of each element of a word costs: both shapes have 32 pairs of an element and a level's bits.
struct CostTables {
    /// Sixteen pairs, those of the first half of the elements.
    var low: Lanes
    /// Those of the others.
    var high: Lanes
}

extension CodewordShape {
    /// The bits of one level, at the place of the first element.
    static var levelMask: Int { (1 << levelBits) - 1 }
    /// One more than the highest code.
    static var codeCount: Int { 1 << (length * levelBits) }

    /// The level of an element of a word.
    @inline(__always) static func level(_ element: Int, of code: Int) -> Int {
        (code &>> (element &* levelBits)) & levelMask
    }
}

/// Eight elements with three levels each.
enum TernaryWord: CodewordShape {
    static var length: Int { 8 }
    static var levelBits: Int { 2 }
    static var levels: Int { 3 }
    static var oddNumbers: Lanes { Lanes(1, 3, 5, none, 1, 3, 5, none, 1, 3, 5, none, 1, 3, 5, none) }
    private static var none: Float { .infinity }

    @inline(__always)
    static func costs(of codes: LaneBits, _ tables: CostTables) -> Lanes {
        var sum = tables.low.quarterFourTimes(0).amongFour(codes)
        sum += tables.low.quarterFourTimes(1).amongFour(codes &>> 2)
        sum += tables.low.quarterFourTimes(2).amongFour(codes &>> 4)
        sum += tables.low.quarterFourTimes(3).amongFour(codes &>> 6)
        sum += tables.high.quarterFourTimes(0).amongFour(codes &>> 8)
        sum += tables.high.quarterFourTimes(1).amongFour(codes &>> 10)
        sum += tables.high.quarterFourTimes(2).amongFour(codes &>> 12)
        sum += tables.high.quarterFourTimes(3).amongFour(codes &>> 14)
        return sum
    }
}

/// Four elements with eight levels each.
enum OctalWord: CodewordShape {
    static var length: Int { 4 }
    static var levelBits: Int { 3 }
    static var levels: Int { 8 }
    static var oddNumbers: Lanes { Lanes(1, 3, 5, 7, 9, 11, 13, 15, 1, 3, 5, 7, 9, 11, 13, 15) }

    @inline(__always)
    static func costs(of codes: LaneBits, _ tables: CostTables) -> Lanes {
        var sum = tables.low.halfTwice(0).amongEight(codes)
        sum += tables.low.halfTwice(1).amongEight(codes &>> 3)
        sum += tables.high.halfTwice(0).amongEight(codes &>> 6)
        sum += tables.high.halfTwice(1).amongEight(codes &>> 9)
        return sum
    }
}
