import Formats

extension DType {
    /// Whether elements are real numbers of whole bytes, which ``floats(from:into:)`` reads.
    package var isReal: Bool {
        switch self {
        case .bool, .u8, .i8, .i16, .u16, .f16, .bf16, .i32, .u32, .f32, .f64, .i64, .u64: true
        case .f8e5m2, .f8e4m3, .f8e8m0: true
        case .f4, .f6e2m3, .f6e3m2, .f8e4m3fnuz, .f8e5m2fnuz, .c64: false
        }
    }

    /// Reads elements as floats, rounded to the nearest where they have more digits than 32 bits hold.
    /// - Parameters:
    ///   - bytes: whole elements, little-endian, of a type with ``isReal``; of others nothing is read.
    ///   - output: room for exactly as many floats.
    package func floats(from bytes: Span<UInt8>, into output: inout MutableSpan<Float>) {
        guard isReal else { return }
        let size = bitsPerElement / 8
        precondition(bytes.count == output.count * size)
        switch self {
        case .f32: ProcessorLevel.current.kernels.f32.dequantize(bytes, into: &output)
        case .f16: ProcessorLevel.current.kernels.f16.dequantize(bytes, into: &output)
        case .bf16: ProcessorLevel.current.kernels.bf16.dequantize(bytes, into: &output)
        case .f64: ProcessorLevel.current.kernels.f64.dequantize(bytes, into: &output)
        case .bool, .u8, .i8, .f8e5m2, .f8e4m3, .f8e8m0:
            let values = (0..<256).map { float(UInt64($0)) }
            let table = values.span
            for index in output.indices { output[index] = table[Int(bytes[index])] }
        default:
            for index in output.indices {
                output[index] = float(littleEndian(bytes, index * size..<(index + 1) * size))
            }
        }
    }

    private func float(_ word: UInt64) -> Float {
        switch self {
        case .bool: word == 0 ? 0 : 1
        case .i8: Float(Int8(truncatingIfNeeded: word))
        case .i16: Float(Int16(truncatingIfNeeded: word))
        case .i32: Float(Int32(truncatingIfNeeded: word))
        case .i64: Float(Int64(truncatingIfNeeded: word))
        case .f8e4m3: DType.float(word, exponentBits: 4, hasInfinity: false)
        case .f8e5m2: DType.float(word, exponentBits: 5, hasInfinity: true)
        case .f8e8m0: word == 255 ? .nan : Float(sign: .plus, exponent: Int(word) - 127, significand: 1)
        default: Float(word)
        }
    }

    /// A float of 8 bits (OCP 8-bit floating point, revision 1.0): a sign, the exponent, and the rest.
    private static func float(_ word: UInt64, exponentBits: Int, hasInfinity: Bool) -> Float {
        let mantissaBits = 7 - exponentBits
        let sign: FloatingPointSign = word & 0x80 == 0 ? .plus : .minus
        let exponent = Int(word & 0x7F) >> mantissaBits
        let mantissa = Int(word) & (1 << mantissaBits - 1)
        let bias = 1 << (exponentBits - 1) - 1
        let top = 1 << exponentBits - 1
        if exponent == top, hasInfinity || mantissa == 1 << mantissaBits - 1 {
            return hasInfinity && mantissa == 0
                ? Float(signOf: sign == .minus ? -1 : 1, magnitudeOf: .infinity) : .nan
        }
        let fraction = Float(mantissa) / Float(1 << mantissaBits)
        let significand = exponent == 0 ? fraction : 1 + fraction
        return Float(sign: sign, exponent: max(exponent, 1) - bias, significand: significand)
    }
}
