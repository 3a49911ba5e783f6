/// The loops of ``FloatCast``, one for each pair of a type and 32-bit floats.
enum FloatKernels {
    /// Makes 32-bit floats of elements of 16 or 32 bits; exact.
    static func widen(_ bytes: Span<UInt8>, of dtype: DType, into floats: inout MutableSpan<Float>) {
        precondition(bytes.count == floats.count * (dtype.bitsPerElement / 8))
        let count = floats.count
        // SAFETY: both spans are valid for the closures, and every access lies below the counts that were
        // compared above; raw bytes are loaded without any demand on alignment.
        unsafe floats.withUnsafeMutableBufferPointer { floats in
            unsafe bytes.withUnsafeBytes { bytes in
                switch dtype {
                case .bf16:
                    for index in 0..<count {
                        let bits = unsafe UInt16(
                            littleEndian: bytes.loadUnaligned(fromByteOffset: index &* 2, as: UInt16.self))
                        unsafe floats[index] = Float(bitPattern: UInt32(bits) << 16)
                    }
                case .f16:
                    for index in 0..<count {
                        let bits = unsafe UInt16(
                            littleEndian: bytes.loadUnaligned(fromByteOffset: index &* 2, as: UInt16.self))
                        unsafe floats[index] = widened(bits)
                    }
                default:
                    for index in 0..<count {
                        let bits = unsafe UInt32(
                            littleEndian: bytes.loadUnaligned(fromByteOffset: index &* 4, as: UInt32.self))
                        unsafe floats[index] = Float(bitPattern: bits)
                    }
                }
            }
        }
    }

    /// Rounds 64-bit floats to 32-bit ones.
    /// - Returns: the index of the first finite number that would become infinite.
    static func narrowDoubles(_ bytes: Span<UInt8>, into floats: inout MutableSpan<Float>) -> Int? {
        precondition(bytes.count == floats.count * 8)
        let count = floats.count
        var found: UInt64 = 0
        // The least number that rounds to infinity: halfway between the greatest float and 2^128.
        let limit: UInt64 = 0x47EF_FFFF_F000_0000
        let infinity: UInt64 = 0x7FF0_0000_0000_0000
        // SAFETY: as above.
        return unsafe floats.withUnsafeMutableBufferPointer { floats in
            unsafe bytes.withUnsafeBytes { bytes in
                for index in 0..<count {
                    let bits = unsafe UInt64(
                        littleEndian: bytes.loadUnaligned(fromByteOffset: index &* 8, as: UInt64.self))
                    let magnitude = bits & 0x7FFF_FFFF_FFFF_FFFF
                    found |= magnitude >= limit && magnitude < infinity ? 1 : 0
                    unsafe floats[index] = Float(Double(bitPattern: bits))
                }
                guard found != 0 else { return nil }
                return (0..<count).first { index in
                    let bits = unsafe UInt64(
                        littleEndian: bytes.loadUnaligned(fromByteOffset: index &* 8, as: UInt64.self))
                    let magnitude = bits & 0x7FFF_FFFF_FFFF_FFFF
                    return magnitude >= limit && magnitude < infinity
                }
            }
        }
    }

    /// Rounds 32-bit floats to a type; too large numbers become infinite.
    static func narrow(_ floats: Span<Float>, to type: CastType, into bytes: inout MutableSpan<UInt8>) {
        precondition(bytes.count == floats.count * (type.dtype.bitsPerElement / 8))
        let count = floats.count
        // SAFETY: as above.
        unsafe floats.withUnsafeBufferPointer { floats in
            unsafe bytes.withUnsafeMutableBytes { bytes in
                switch type {
                case .f32:
                    for index in 0..<count {
                        let bits = unsafe floats[index].bitPattern.littleEndian
                        unsafe bytes.storeBytes(of: bits, toByteOffset: index &* 4, as: UInt32.self)
                    }
                case .bf16:
                    for index in 0..<count {
                        let bits = unsafe roundedToBF16(floats[index]).littleEndian
                        unsafe bytes.storeBytes(of: bits, toByteOffset: index &* 2, as: UInt16.self)
                    }
                case .f16:
                    for index in 0..<count {
                        let bits = unsafe roundedToF16(floats[index]).littleEndian
                        unsafe bytes.storeBytes(of: bits, toByteOffset: index &* 2, as: UInt16.self)
                    }
                }
            }
        }
    }

    // MARK: One element

    /// Exponent and mantissa move into their places in a float, whose exponent counts from another number: a
    /// product with a power of two, which is exact for subnormal numbers too, puts that right.
    @inline(__always)
    private static func widened(_ half: UInt16) -> Float {
        let magnitude = UInt32(half & 0x7FFF) << 13
        let scaled = (Float(bitPattern: magnitude) * 0x1p112).bitPattern
        let bits = magnitude >= 0x0F80_0000 ? magnitude | 0x7F80_0000 : scaled
        return Float(bitPattern: bits | UInt32(half & 0x8000) << 16)
    }

    @inline(__always)
    private static func roundedToBF16(_ value: Float) -> UInt16 {
        let bits = value.bitPattern
        let rounded = (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16
        let isNaN = bits & 0x7FFF_FFFF > 0x7F80_0000
        return UInt16(truncatingIfNeeded: isNaN ? bits >> 16 | 0x40 : rounded)
    }

    @inline(__always)
    private static func roundedToF16(_ value: Float) -> UInt16 {
        let bits = value.bitPattern
        let magnitude = bits & 0x7FFF_FFFF
        // Below 2^-14 a sum with 0.5, whose last bit is worth 2^-24, rounds to a multiple of that.
        let small = (Float(bitPattern: magnitude) + 0.5).bitPattern &- 0x3F00_0000
        let normal = (magnitude &+ 0xFFF &+ (magnitude >> 13 & 1) &- 0x3800_0000) >> 13
        let finite = magnitude < 0x3880_0000 ? small : normal
        let special = magnitude > 0x7F80_0000 ? 0x7E00 | (magnitude >> 13 & 0x3FF) : 0x7C00
        let result = magnitude < 0x477F_F000 ? finite : special
        return UInt16(truncatingIfNeeded: result | (bits >> 16 & 0x8000))
    }
}
