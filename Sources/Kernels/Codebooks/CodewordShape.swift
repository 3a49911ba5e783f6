/// How the elements of a codebook's word are packed into its code.
///
/// A level stands for an odd multiple of a scale: level l for 2l + 1. Both shapes have 32 pairs of an element
/// and a level's bits.
protocol CodewordShape {
    /// The number of elements in a word.
    static var length: Int { get }
    /// The number of bits that a level takes in a code; the first element has the lowest.
    static var levelBits: Int { get }
    /// The number of levels that an element can have.
    static var levels: Int { get }
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
}

/// Four elements with eight levels each.
enum OctalWord: CodewordShape {
    static var length: Int { 4 }
    static var levelBits: Int { 3 }
    static var levels: Int { 8 }
}
