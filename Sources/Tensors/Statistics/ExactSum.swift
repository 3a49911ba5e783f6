/// A sum of floats of 64 bits without any rounding, so that it does not depend on the order in which they come: a
/// fixed-point number that is as long as the range of the floats.
package struct ExactSum: Equatable, Sendable {
    /// The digits have 32 bits: 2,098 bits of floats, and room for carries.
    private static let digitCount = 68
    /// The place of the lowest bit: that of the smallest float, 2^-1074.
    private static let lowestExponent = -1074
    /// After so many numbers carries are moved on, long before a digit of 64 bits is full.
    private static let limit = 1 << 30

    private var digits = [UInt64](repeating: 0, count: digitCount)
    private var count = 0

    /// Starts with zero.
    package init() {}

    /// Adds a number that is finite and not negative; others are a programmer's mistake.
    package mutating func add(_ number: Double) {
        precondition(number >= 0 && number.isFinite)
        let bits = number.bitPattern
        let exponent = Int(truncatingIfNeeded: bits >> 52 & 0x7FF)
        let mantissa = exponent == 0 ? bits & (1 << 52 - 1) : bits & (1 << 52 - 1) | 1 << 52
        guard mantissa > 0 else { return }
        let place = max(0, exponent - 1)
        let (digit, shift) = (place / 32, UInt64(place % 32))
        let low = (mantissa & 0xFFFF_FFFF) << shift
        let high = (mantissa >> 32) << shift
        digits[digit] += low & 0xFFFF_FFFF
        digits[digit + 1] += low >> 32 + high & 0xFFFF_FFFF
        digits[digit + 2] += high >> 32
        count += 1
        if count >= Self.limit { carry() }
    }

    /// Adds what was summed elsewhere.
    package mutating func add(_ other: ExactSum) {
        if count > Self.limit - other.count { carry() }
        for index in digits.indices { digits[index] += other.digits[index] }
        count += other.count
    }

    private mutating func carry() {
        var rest: UInt64 = 0
        for index in digits.indices {
            let digit = digits[index] + rest
            digits[index] = digit & 0xFFFF_FFFF
            rest = digit >> 32
        }
        count = 1
    }

    /// The sum as a float, of its highest 97 bits or more; infinite where no float is as large.
    package var value: Double {
        var carried = self
        carried.carry()
        guard let top = carried.digits.lastIndex(where: { $0 > 0 }) else { return 0 }
        var result = 0.0
        for index in max(0, top - 3)...top {
            result += Double(
                sign: .plus, exponent: Self.lowestExponent + 32 * index,
                significand: Double(carried.digits[index]))
        }
        return result
    }
}
