/// The type of a tensor's elements, as a safetensors header names it (safetensors 0.8).
package enum DType: String, Sendable, CaseIterable {
    /// One byte, 0 or 1.
    case bool = "BOOL"
    /// Float: 1 sign, 2 exponent, 1 mantissa bit; two elements a byte.
    case f4 = "F4"
    /// Float: 1 sign, 2 exponent, 3 mantissa bits; four elements in three bytes.
    case f6e2m3 = "F6_E2M3"
    /// Float: 1 sign, 3 exponent, 2 mantissa bits; four elements in three bytes.
    case f6e3m2 = "F6_E3M2"
    /// Unsigned integer.
    case u8 = "U8"
    /// Signed integer.
    case i8 = "I8"
    /// Float: 1 sign, 5 exponent, 2 mantissa bits.
    case f8e5m2 = "F8_E5M2"
    /// Float: 1 sign, 4 exponent, 3 mantissa bits, without infinities.
    case f8e4m3 = "F8_E4M3"
    /// A power of two: 8 exponent bits and nothing else, for scales.
    case f8e8m0 = "F8_E8M0"
    /// As `f8e4m3`, with one zero and another bias.
    case f8e4m3fnuz = "F8_E4M3FNUZ"
    /// As `f8e5m2`, with one zero, another bias and without infinities.
    case f8e5m2fnuz = "F8_E5M2FNUZ"
    /// Signed integer, little-endian like all that follow.
    case i16 = "I16"
    /// Unsigned integer.
    case u16 = "U16"
    /// IEEE 754 binary16.
    case f16 = "F16"
    /// The upper half of an `f32`.
    case bf16 = "BF16"
    /// Signed integer.
    case i32 = "I32"
    /// Unsigned integer.
    case u32 = "U32"
    /// IEEE 754 binary32.
    case f32 = "F32"
    /// Two `f32`: real and imaginary part.
    case c64 = "C64"
    /// IEEE 754 binary64.
    case f64 = "F64"
    /// Signed integer.
    case i64 = "I64"
    /// Unsigned integer.
    case u64 = "U64"

    /// The size of one element in bits: 4 and 6 for types that share bytes.
    package var bitsPerElement: Int {
        switch self {
        case .f4: 4
        case .f6e2m3, .f6e3m2: 6
        case .bool, .u8, .i8, .f8e5m2, .f8e4m3, .f8e8m0, .f8e4m3fnuz, .f8e5m2fnuz: 8
        case .i16, .u16, .f16, .bf16: 16
        case .i32, .u32, .f32: 32
        case .c64, .f64, .i64, .u64: 64
        }
    }

    /// Whether elements are real or complex floating-point numbers of their own: not a scale's exponent.
    package var isFloat: Bool {
        switch self {
        case .f4, .f6e2m3, .f6e3m2, .f8e5m2, .f8e4m3, .f8e4m3fnuz, .f8e5m2fnuz: true
        case .f16, .bf16, .f32, .c64, .f64: true
        case .bool, .u8, .i8, .i16, .u16, .i32, .u32, .i64, .u64, .f8e8m0: false
        }
    }
}
