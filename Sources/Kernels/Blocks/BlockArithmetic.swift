import BlockTypes

extension BlockFormat {
    /// Sizes that do not fit one another are a programmer's mistake.
    @inline(__always)
    static func check(_ rows: Int, rowLength: Int, importance: Int, bytes: Int) {
        precondition(rowLength > 0 && rowLength % type.blockLength == 0 && rows % rowLength == 0)
        precondition(importance == 0 || importance == rowLength)
        precondition(bytes == rows / type.blockLength * type.blockSize)
    }

    /// The same for the way back.
    /// - Returns: the number of blocks.
    @inline(__always)
    static func check(bytes: Int, numbers: Int) -> Int {
        let blocks = bytes / type.blockSize
        precondition(bytes == blocks * type.blockSize && numbers == blocks * type.blockLength)
        return blocks
    }
}

/// The nearest whole number, of two the one further from zero, as C's `roundf`: 1.5 * 2^23 plus a number below
/// 2^22 has it in its lowest bits, but for the ties. Without branches and library calls the compiler can do
/// several at a time.
/// - Returns: the lowest bits of the number; of infinities and what is not a number the lowest eight are 0.
@inline(__always)
func roundedBits(_ value: Float) -> UInt32 {
    var rounded = (value + 12_582_912) - 12_582_912
    let difference = value - rounded
    rounded += difference == 0.5 && value > 0 ? 1 : 0
    rounded -= difference == -0.5 && value < 0 ? 1 : 0
    return (rounded + 12_582_912).bitPattern
}

/// What is left of a number, not negative and below 2^22, without its fraction.
/// - Returns: the lowest bits of it; of infinities and what is not a number the lowest eight are 0.
@inline(__always)
func truncatedBits(_ value: Float) -> UInt32 {
    let sum = value + 12_582_912
    return sum.bitPattern &- (sum - 12_582_912 > value ? 1 : 0)
}

/// The inverse of a scale, 0 of 0.
@inline(__always)
func inverse(_ scale: Float) -> Float { scale != 0 ? 1 / scale : 0 }

extension Span<Float> {
    /// The largest magnitude: without their sign, floats order as their bits do.
    @inline(__always)
    var largestMagnitude: Float {
        var largest: Int32 = 0
        for index in indices {
            let bits = Int32(bitPattern: self[index].bitPattern & 0x7FFF_FFFF)
            largest = bits > largest ? bits : largest
        }
        return Float(bitPattern: UInt32(bitPattern: largest))
    }

    /// The number of the largest magnitude, the first of equal ones.
    @inline(__always)
    package var peak: Float {
        var positive: Int32 = 0
        var negative: Int32 = 0
        for index in indices {
            let bits = Int32(bitPattern: self[index].bitPattern)
            let opposite = bits ^ Int32.min
            positive = bits > positive ? bits : positive
            negative = opposite > negative ? opposite : negative
        }
        if positive != negative {
            let bits = UInt32(bitPattern: positive > negative ? positive : negative)
            return Float(bitPattern: positive > negative ? bits : bits | 0x8000_0000)
        }
        guard positive != 0 else { return 0 }
        let magnitude = UInt32(bitPattern: positive)
        for index in indices where self[index].bitPattern & 0x7FFF_FFFF == magnitude { return self[index] }
        return 0
    }

    /// The least and the greatest number; of zeros, the first counts as the least.
    @inline(__always)
    package var range: (least: Float, greatest: Float) {
        // Bits of negative floats order the other way around.
        var least = Int32.max
        var greatest = Int32.min
        for index in indices {
            let bits = Int32(bitPattern: self[index].bitPattern)
            let key = bits ^ ((bits &>> 31) & Int32.max)
            least = key < least ? key : least
            greatest = key > greatest ? key : greatest
        }
        if least == 0 || least == -1 {
            for index in indices where self[index] == 0 {
                return (self[index], Self.number(greatest))
            }
        }
        return (Self.number(least), Self.number(greatest))
    }

    @inline(__always)
    private static func number(_ key: Int32) -> Float {
        Float(bitPattern: UInt32(bitPattern: key ^ ((key &>> 31) & Int32.max)))
    }
}

/// The same for each of sixteen numbers.
@inline(__always)
func truncatedBits(_ values: Lanes) -> LaneBits {
    let sums = values + 12_582_912
    let isTooLarge = sums - 12_582_912 .> values
    return sums.bits &+ LaneBits(isTooLarge)
}
