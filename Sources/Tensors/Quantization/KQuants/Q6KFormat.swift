/// Q6_K: sixteen sub-blocks of 16 numbers, six bits each, with scales of eight bits (ggml-common.h,
/// `block_q6_K`): 128 bytes of lower bits, 64 bytes of upper ones, 16 scales, d (binary16).
enum Q6KFormat: SuperBlockFormat {
    static var type: GGMLType { .q6K }

    static func quantize(
        block values: Span<Float>, importance: Span<Float>, into block: inout MutableSpan<UInt8>
    ) {
        let x = (transposed16(values, from: 0), transposed16(values, from: 128))
        var first = scaled(x.0, weights: weights(x.0, importance, from: 0), half: 32)
        var second = scaled(x.1, weights: weights(x.1, importance, from: 128), half: 32)

        var peak: Float = 0
        var magnitude: Float = 0
        for sub in 0..<16 {
            let scale = sub < 8 ? first.scale[sub] : second.scale[sub - 8]
            if abs(scale) > magnitude { (magnitude, peak) = (abs(scale), scale) }
        }
        guard !(magnitude < smallestMagnitude) else {
            for index in block.indices { block[index] = 0 }
            return
        }
        let inverse = -128 / peak
        let scale = block.storeHalf(1 / inverse, at: 208)
        let scales = (
            (inverse * first.scale).nearest(from: -4_194_304, to: 127),
            (inverse * second.scale).nearest(from: -4_194_304, to: 127)
        )
        for sub in 0..<8 {
            block[192 + sub] = UInt8(truncatingIfNeeded: Int32(scales.0[sub]))
            block[200 + sub] = UInt8(truncatingIfNeeded: Int32(scales.1[sub]))
        }
        first.round(x.0, scale, block.span, at: 192, half: 32)
        second.round(x.1, scale, block.span, at: 200, half: 32)
        pack(first.levels, &block, lower: 0, upper: 128)
        pack(second.levels, &block, lower: 64, upper: 160)
    }

    /// The importances, or the squares where there are none.
    @inline(__always)
    private static func weights(
        _ x: borrowing Lanes16, _ importance: Span<Float>, from start: Int
    ) -> Lanes16 {
        if !importance.isEmpty { return transposed16(importance, from: start) }
        var weights = Lanes16(repeating: Lanes())
        for i in 0..<16 { weights[i] = x[i] * x[i] }
        return weights
    }

    /// Half a super-block: sub-blocks 2k and 2k + 1 are the 32 numbers of its quarter k.
    @inline(__always)
    private static func pack(
        _ levels: borrowing Lanes16, _ block: inout MutableSpan<UInt8>, lower: Int, upper: Int
    ) {
        for i in 0..<16 {
            let bits = SIMD8<UInt8>(truncatingIfNeeded: SIMD8<Int32>(levels[i] + 32))
            for half in 0..<2 {
                let (a, b, c, d) = (bits[half], bits[2 + half], bits[4 + half], bits[6 + half])
                let place = half * 16 + i
                block[lower + place] = a & 15 | c << 4
                block[lower + 32 + place] = b & 15 | d << 4
                block[upper + place] = a >> 4 | (b >> 4) << 2 | (c >> 4) << 4 | (d >> 4) << 6
            }
        }
    }

    static func dequantize(block: Span<UInt8>, into values: inout MutableSpan<Float>) {
        let scale = block.half(at: 208)
        for half in 0..<2 {
            for i in 0..<32 {
                let (low, next) = (block[half * 64 + i], block[half * 64 + 32 + i])
                let high = block[128 + half * 32 + i]
                let bits = [
                    low & 15 | (high & 3) << 4, next & 15 | (high >> 2 & 3) << 4,
                    low >> 4 | (high >> 4 & 3) << 4, next >> 4 | (high >> 6) << 4,
                ]
                for quarter in 0..<4 {
                    let part = Int8(bitPattern: block[192 + half * 8 + quarter * 2 + i / 16])
                    values[half * 128 + quarter * 32 + i] =
                        scale * Float(part) * Float(Int32(bits[quarter]) - 32)
                }
            }
        }
    }
}

extension Scaled<16> {
    /// Chooses the levels anew for what the rounded scales mean, signed bytes from `place` on; where one is 0,
    /// they stay.
    @inline(__always)
    mutating func round(
        _ x: borrowing Lanes16, _ scale: Float, _ bytes: Span<UInt8>, at place: Int, half: Float
    ) {
        var scales = Lanes()
        for lane in 0..<8 { scales[lane] = scale * Float(Int8(bitPattern: bytes[place + lane])) }
        let isUsed = scales .!= 0
        for i in 0..<16 {
            levels[i].replace(with: (x[i] / scales).nearest(from: -half, to: half - 1), where: isUsed)
        }
    }
}
