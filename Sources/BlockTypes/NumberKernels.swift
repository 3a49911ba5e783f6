/// What is found out about numbers without converting them, compiled for each level of processors as the formats are;
/// every level gives the same results, bit by bit.
package protocol NumberKernels: Sendable {
    /// Finds a number by its size.
    /// - Parameters:
    ///   - limit: bits of a float without its sign.
    ///   - end: more than `limit`; what is at least this is not looked for.
    /// - Returns: the place of the first number whose bits without the sign are at least `limit` and less than `end`.
    static func firstMagnitude(in numbers: Span<Float>, from limit: UInt32, below end: UInt32) -> Int?

    /// Finds a block that stands for no numbers: with a scale, a minimum or, in types of plain floats, an
    /// element that is infinite or not a number. What llama.cpp refuses to read or to write, this finds.
    /// - Parameter blocks: whole blocks of the type; what is left after the last is not looked at.
    /// - Returns: the number of the first such block; `nil` if there is none, which is so of all blocks of
    ///   integers and of NVFP4.
    static func firstInvalidBlock(of type: GGMLType, in blocks: Span<UInt8>) -> Int?

    /// Adds how far numbers are from as many others, one pair after the other.
    static func add(_ original: Span<Float>, _ other: Span<Float>, to sums: inout DifferenceSums)

    /// The sum of the squares of the differences of numbers, in four sums side by side that are added in one order;
    /// with weights in one sum, each of them counting as 0 where it is less.
    /// - Parameter weights: how much each counts; empty where all count the same.
    static func sumOfSquares(_ original: Span<Float>, _ other: Span<Float>, weights: Span<Float>) -> Double
}

/// What pairs of numbers come to: sums of 64 bits, in the order of the pairs.
package struct DifferenceSums: Equatable, Sendable {
    /// How many pairs had a number in them that is infinite or none; they are in no other figure.
    package var notFiniteCount = 0
    /// How many of the originals are zero.
    package var originalZeroCount = 0
    /// How many of the others are zero.
    package var otherZeroCount = 0
    /// The largest absolute difference.
    package var largest: Float = 0
    /// The squares of the differences.
    package var errors = 0.0
    /// The squares of the originals.
    package var originals = 0.0
    /// The squares of the others.
    package var others = 0.0
    /// The products of both.
    package var products = 0.0

    /// Starts with no pairs.
    package init() {}

    /// Takes in what was summed of other pairs.
    package mutating func add(_ other: DifferenceSums) {
        notFiniteCount += other.notFiniteCount
        originalZeroCount += other.originalZeroCount
        otherZeroCount += other.otherZeroCount
        largest = max(largest, other.largest)
        errors += other.errors
        originals += other.originals
        others += other.others
        products += other.products
    }
}
