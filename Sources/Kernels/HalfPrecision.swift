/// Conversions between 32-bit floats and the two 16-bit kinds, in whole numbers where the processor would need
/// a library call, written without branches so that the compiler can do several at a time.
enum HalfPrecision {
    /// The nearest IEEE 754 binary16, the even one of two; what is too large becomes infinite, what is not a
    /// number 0x7E00 with its sign.
    @inline(__always)
    static func float16(_ value: Float) -> UInt16 {
        let bits = value.bitPattern
        let sign = (bits >> 16) & 0x8000
        let magnitude = bits & 0x7FFF_FFFF
        // At least 2^-14: the exponent's bias goes from 127 to 15, and 13 bits are rounded off.
        let normal = (magnitude &+ 0xFFF &+ ((magnitude >> 13) & 1) &- 0x3800_0000) >> 13
        // Less: adding a half puts the last bit of a float where the last bit of a subnormal is, rounded.
        let subnormal = (Float(bitPattern: magnitude) + 0.5).bitPattern &- 0x3F00_0000
        let finite = magnitude < 0x3880_0000 ? subnormal : normal
        let special: UInt32 = magnitude > 0x7F80_0000 ? 0x7E00 : 0x7C00
        return UInt16(truncatingIfNeeded: sign | (magnitude >= 0x4780_0000 ? special : finite))
    }

    /// The value of a binary16, exactly; a signalling NaN becomes a quiet one.
    @inline(__always)
    static func float(float16 half: UInt16) -> Float {
        let sign = UInt32(half & 0x8000) << 16
        let magnitude = UInt32(half & 0x7FFF) << 13
        // The product with 2^112 moves the exponent's bias, and makes subnormals normal.
        let finite = (Float(bitPattern: magnitude) * Float(bitPattern: 0x7780_0000)).bitPattern
        let quiet: UInt32 = half & 0x3FF == 0 ? 0 : 0x40_0000
        let special = 0x7F80_0000 | magnitude | quiet
        return Float(bitPattern: sign | (half & 0x7C00 == 0x7C00 ? special : finite))
    }

    /// The nearest bfloat16, the even one of two; what is not a number becomes a quiet NaN.
    @inline(__always)
    static func bfloat16(_ value: Float) -> UInt16 {
        let bits = value.bitPattern
        let rounded = (bits &+ 0x7FFF &+ ((bits >> 16) & 1)) >> 16
        let quiet = (bits >> 16) | 64
        return UInt16(truncatingIfNeeded: bits & 0x7FFF_FFFF > 0x7F80_0000 ? quiet : rounded)
    }

    /// The value of a bfloat16, exactly.
    @inline(__always)
    static func float(bfloat16 half: UInt16) -> Float { Float(bitPattern: UInt32(half) << 16) }
}
