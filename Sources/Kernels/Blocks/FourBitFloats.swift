import BlockTypes

/// Floats of four bits (OCP Microscaling Formats, E2M1), with their values doubled: 0, 1, 2, 3, 4, 6, 8 and 12,
/// the negative ones from 8 on.
enum FourBitFloat {
    /// The nearest of them times `scale`, of two the smaller; never the negative zero.
    ///
    /// ggml takes the first of the least distances in the table. Next to the middle of two values, one of these
    /// distances is exact and the other is not rounded past it, so that comparing with the middles is the same.
    @inline(__always)
    static func codes(_ values: Lanes, scale: Float) -> LaneBits {
        let magnitudes = values.magnitudes
        var codes = LaneBits()
        count(&codes, magnitudes, above: 0.5 * scale)
        count(&codes, magnitudes, above: 1.5 * scale)
        count(&codes, magnitudes, above: 2.5 * scale)
        count(&codes, magnitudes, above: 3.5 * scale)
        count(&codes, magnitudes, above: 5 * scale)
        // Infinite where 8 scales are: what is read back as no number is not chosen.
        count(&codes, magnitudes, above: 8 * scale - scale)
        count(&codes, magnitudes, above: 10 * scale)
        let isNegative = (values .< 0) .& (magnitudes .> Lanes(repeating: 0.5 * scale))
        return codes | LaneBits(isNegative) & 8
    }

    @inline(__always)
    private static func count(_ codes: inout LaneBits, _ magnitudes: Lanes, above limit: Float) {
        codes = codes &- LaneBits(magnitudes .> Lanes(repeating: limit))
    }

    /// The same for numbers of any size, also where they are so large that distances round to equal ones.
    static func codeByDistance(_ value: Float, scale: Float) -> UInt8 {
        var best: UInt8 = 0
        var least = abs(value)
        for code in UInt8(1)..<16 {
            let distance = abs(doubled(code) * scale - value)
            if distance < least { (best, least) = (code, distance) }
        }
        return best
    }

    /// The doubled value of the lowest four bits.
    @inline(__always)
    static func doubled(_ code: UInt8) -> Float {
        let three = Int32(code & 7)
        // 0 to 4, then 6, 8 and 12.
        let magnitude = three &+ (three > 4 ? three &- 4 : 0) &+ (three > 6 ? 2 : 0)
        return Float(code & 8 == 0 ? magnitude : 0 &- magnitude)
    }
}

/// MXFP4: 32 floats of four bits with a power of two (ggml-common.h, `block_mxfp4`): its exponent, biased by
/// 127, then 16 bytes with number i in the lower half of byte i and number 16 + i in the upper one.
enum MXFP4Format: BlockFormat {
    static var type: GGMLType { .mxfp4 }

    static func quantize(
        _ rows: Span<Float>, rowLength: Int, importance: Span<Float>, into output: inout MutableSpan<UInt8>
    ) {
        check(rows.count, rowLength: rowLength, importance: importance.count, bytes: output.count)
        for index in 0..<rows.count / 32 {
            let values = rows.extracting(index &* 32..<index &* 32 &+ 32)
            var block = output._mutatingExtracting(index &* 17..<index &* 17 &+ 17)
            let exponent = exponent(values.largestMagnitude)
            let scale = halfPowerOfTwo(exponent)
            block[0] = exponent
            let low = FourBitFloat.codes(Lanes(values, from: 0), scale: scale)
            let high = FourBitFloat.codes(Lanes(values, from: 16), scale: scale)
            block.store(low | high &<< 4, at: 1)
        }
    }

    static func dequantize(_ blocks: Span<UInt8>, into output: inout MutableSpan<Float>) {
        for index in 0..<check(bytes: blocks.count, numbers: output.count) {
            let block = blocks.extracting(index &* 17..<index &* 17 &+ 17)
            var values = output._mutatingExtracting(index &* 32..<index &* 32 &+ 32)
            let scale = halfPowerOfTwo(block[0])
            for i in 0..<16 {
                values[i] = FourBitFloat.doubled(block[1 &+ i]) * scale
                values[i &+ 16] = FourBitFloat.doubled(block[1 &+ i] &>> 4) * scale
            }
        }
    }

    /// Half the power of two of a biased exponent, also where it is subnormal.
    @inline(__always)
    static func halfPowerOfTwo(_ exponent: UInt8) -> Float {
        Float(bitPattern: exponent < 2 ? 0x20_0000 &<< UInt32(exponent) : (UInt32(exponent) &- 1) &<< 23)
    }

    /// The biased exponent for a largest magnitude: that of its power of two, less 2, as E2M1 reaches 6.
    ///
    /// ggml takes the power from a logarithm rounded to 32 bits, which is the next whole number already where
    /// the magnitude is a few steps below a power of two. A subnormal magnitude wraps around.
    @inline(__always)
    static func exponent(_ magnitude: Float) -> UInt8 {
        let bits = Int(magnitude.bitPattern)
        guard bits > 0, bits < 0x7F80_0000 else { return 0 }
        var power = bits &>> 23 &- 127
        // The steps up to the next power of two, of 2^24 to that.
        var steps = 0x80_0000 &- bits & 0x7F_FFFF
        if power == -127 {
            let shift = bits.leadingZeroBitCount &- (Int.bitWidth &- 24)
            power = -126 &- shift
            steps = 0x100_0000 &- bits &<< shift
        }
        // Below a whole number, logarithms are apart by 2^-23 times the greatest power of two below it.
        let next = power &+ 1
        let below = next > 0 ? power : 0 &- next
        guard steps < 100, below > 0 else { return UInt8(truncatingIfNeeded: power &+ 125) }
        let spacing = 1 &<< (Int.bitWidth &- 1 &- below.leadingZeroBitCount)
        let roundsUp = Float(steps) <= 0.693_147_2 * Float(spacing)
        return UInt8(truncatingIfNeeded: (roundsUp ? next : power) &+ 125)
    }
}

/// NVFP4: 64 floats of four bits, each 16 with a scale of eight bits (ggml-common.h, `block_nvfp4`): four
/// scales (E4M3 without sign), then 8 bytes for each 16 numbers, with number i in the lower half of byte i and
/// number 8 + i in the upper one.
enum NVFP4Format: BlockFormat {
    static var type: GGMLType { .nvfp4 }

    static func quantize(
        _ rows: Span<Float>, rowLength: Int, importance: Span<Float>, into output: inout MutableSpan<UInt8>
    ) {
        check(rows.count, rowLength: rowLength, importance: importance.count, bytes: output.count)
        for index in 0..<rows.count / 64 {
            var block = output._mutatingExtracting(index &* 36..<index &* 36 &+ 36)
            for part in 0..<4 {
                let start = index &* 64 &+ part &* 16
                let values = rows.extracting(start..<start &+ 16)
                let wanted = values.largestMagnitude / 6
                let bits = scaleBits(wanted)
                block[part] = bits
                let scale = halfScale(bits)
                guard wanted <= 448 else {
                    for i in 0..<8 {
                        let low = FourBitFloat.codeByDistance(values[i], scale: scale)
                        let high = FourBitFloat.codeByDistance(values[i &+ 8], scale: scale)
                        block[4 &+ part &* 8 &+ i] = low | high &<< 4
                    }
                    continue
                }
                let codes = scale == 0 ? LaneBits() : FourBitFloat.codes(Lanes(values, from: 0), scale: scale)
                for i in 0..<8 {
                    block[4 &+ part &* 8 &+ i] = UInt8(truncatingIfNeeded: codes[i] | codes[i &+ 8] &<< 4)
                }
            }
        }
    }

    static func dequantize(_ blocks: Span<UInt8>, into output: inout MutableSpan<Float>) {
        for index in 0..<check(bytes: blocks.count, numbers: output.count) {
            let block = blocks.extracting(index &* 36..<index &* 36 &+ 36)
            var values = output._mutatingExtracting(index &* 64..<index &* 64 &+ 64)
            for part in 0..<4 {
                let scale = halfScale(block[part])
                for i in 0..<8 {
                    let byte = block[4 &+ part &* 8 &+ i]
                    values[part &* 16 &+ i] = FourBitFloat.doubled(byte) * scale
                    values[part &* 16 &+ 8 &+ i] = FourBitFloat.doubled(byte &>> 4) * scale
                }
            }
        }
    }

    /// Half of what eight bits mean: four of exponent, biased by 7, and three of mantissa. The upper bit counts
    /// as another one of the exponent where it is not the sign, but no scale sets it; 127 means 0.
    @inline(__always)
    static func halfScale(_ bits: UInt8) -> Float {
        guard bits != 0, bits != 127 else { return 0 }
        let exponent = UInt32(bits &>> 3) & 15
        let mantissa = UInt32(bits & 7)
        guard exponent != 0 else { return Float(mantissa) / 1024 }
        return Float(bitPattern: (exponent &+ 119) &<< 23 | mantissa &<< 20)
    }

    /// The nearest scale, of two the larger; the greatest, 448, from where the exponent would be its own on.
    @inline(__always)
    static func scaleBits(_ scale: Float) -> UInt8 {
        guard scale > 0 else { return 0 }
        // Below 2^-6 there are eight steps of 2^-9, and the eighth is not used.
        guard scale >= 0.015_625 else {
            return UInt8(truncatingIfNeeded: min(7, truncatedBits(scale * 512 + 0.5) & 15))
        }
        let bits = scale.bitPattern
        let rounded = (bits &>> 20) &+ (bits &>> 19 & 1)
        let biased = rounded &- 120 &* 8
        return biased < 120 ? UInt8(truncatingIfNeeded: biased) : 126
    }
}
