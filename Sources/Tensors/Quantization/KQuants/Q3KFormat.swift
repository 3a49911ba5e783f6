/// Q3_K: sixteen sub-blocks of 16 numbers, three bits each, with signed scales of six bits (ggml-common.h,
/// `block_q3_K`): 32 bytes of third bits, 64 bytes of the lower two, 12 bytes of scales, d (binary16).
enum Q3KFormat: SuperBlockFormat {
    static var type: GGMLType { .q3K }

    static func quantize(
        block values: Span<Float>, importance: Span<Float>, into block: inout MutableSpan<UInt8>
    ) {
        let x = (transposed16(values, from: 0), transposed16(values, from: 128))
        var (first, second): (Scaled<16>, Scaled<16>)
        let scale: Float
        var scales = SixBitSigned()
        if importance.isEmpty {
            (first, second) = (scaledByRounds(x.0), scaledByRounds(x.1))
            scale = scales.setRounded(first.scale, second.scale)
        } else {
            let sigma = 2 * sumOfSquares(values) / 256
            let weights = (
                importances(x.0, importance, from: 0, sigma), importances(x.1, importance, from: 128, sigma)
            )
            first = scaled(x.0, weights: weights.0, half: 4)
            second = scaled(x.1, weights: weights.1, half: 4)
            scale = scales.setSearched(first.scale, second.scale, weights: (sum(weights.0), sum(weights.1)))
        }
        scales.store(&block, at: 96)
        let rounded = block.storeHalf(scale, at: 108)
        round(&first.levels, x.0, rounded, scales, from: 0)
        round(&second.levels, x.1, rounded, scales, from: 8)
        for i in 0..<32 { block[i] = 0 }
        pack(first.levels, &block, at: 32, bit: 0)
        pack(second.levels, &block, at: 64, bit: 4)
    }

    @inline(__always)
    private static func importances(
        _ x: borrowing Lanes16, _ importance: Span<Float>, from start: Int, _ sigma: Float
    ) -> Lanes16 {
        var weights = transposed16(importance, from: start)
        for i in 0..<16 { weights[i] = weights[i] * (sigma + x[i] * x[i]).squareRoot() }
        return weights
    }

    private static func sum(_ values: borrowing Lanes16) -> Lanes {
        var sum = Lanes()
        for i in 0..<16 { sum += values[i] }
        return sum
    }

    @inline(__always)
    private static func round(
        _ levels: inout Lanes16, _ x: borrowing Lanes16, _ scale: Float, _ parts: SixBitSigned,
        from start: Int
    ) {
        var scales = Lanes()
        for lane in 0..<8 { scales[lane] = scale * Float(Int32(parts[start + lane]) - 32) }
        let isUsed = scales .!= 0
        for i in 0..<16 {
            levels[i].replace(with: (x[i] / scales).nearest(from: -4, to: 3), where: isUsed)
        }
    }

    /// Half a super-block: sub-blocks 2k and 2k + 1 are the 32 numbers of its quarter k, whose third bits are
    /// bit `bit` + k.
    @inline(__always)
    private static func pack(
        _ levels: borrowing Lanes16, _ block: inout MutableSpan<UInt8>, at start: Int, bit: UInt8
    ) {
        for i in 0..<16 {
            let bits = SIMD8<UInt8>(truncatingIfNeeded: SIMD8<Int32>(levels[i] + 4))
            for half in 0..<2 {
                var (low, high): (UInt8, UInt8) = (0, 0)
                for quarter in 0..<4 {
                    let level = bits[2 * quarter + half]
                    low |= (level & 3) << UInt8(2 * quarter)
                    high |= (level >> 2) << (bit + UInt8(quarter))
                }
                block[start + half * 16 + i] = low
                block[half * 16 + i] |= high
            }
        }
    }

    static func dequantize(block: Span<UInt8>, into values: inout MutableSpan<Float>) {
        let scale = block.half(at: 108)
        let scales = SixBitSigned(block, at: 96)
        for sub in 0..<16 {
            let subScale = scale * Float(Int32(scales[sub]) - 32)
            for i in 0..<16 {
                let place = sub % 2 * 16 + i
                let low = block[32 + sub / 8 * 32 + place] >> UInt8(sub % 8 / 2 * 2) & 3
                let high = block[place] >> UInt8(sub / 2) & 1
                values[sub * 16 + i] = subScale * Float(Int32(low) - (high == 0 ? 4 : 0))
            }
        }
    }
}

/// Sixteen scales of six bits, 32 standing for 0, in the twelve bytes in which Q3_K has them.
private struct SixBitSigned {
    private var levels = SIMD16<UInt8>()

    init() {}

    init(_ bytes: Span<UInt8>, at start: Int) {
        for sub in 0..<16 {
            let low = sub < 8 ? bytes[start + sub] & 15 : bytes[start + sub - 8] >> 4
            let high = bytes[start + 8 + sub % 4] >> UInt8(sub / 4 * 2) & 3
            levels[sub] = low | high << 4
        }
    }

    subscript(index: Int) -> UInt8 { levels[index] }

    /// Rounds scales to levels from -32 to 31 of the largest.
    /// - Returns: what one level is; 0 where all are 0, and then the bytes are 0 too.
    mutating func setRounded(_ first: Lanes, _ second: Lanes) -> Float {
        var peak: Float = 0
        var magnitude: Float = 0
        for sub in 0..<16 {
            let scale = sub < 8 ? first[sub] : second[sub - 8]
            if abs(scale) > magnitude { (magnitude, peak) = (abs(scale), scale) }
        }
        guard peak != 0 else { return 0 }
        let inverse = -32 / peak
        for lane in 0..<8 {
            levels[lane] = UInt8(max(-32, min(31, nearestInteger(inverse * first[lane]))) + 32)
            levels[lane + 8] = UInt8(max(-32, min(31, nearestInteger(inverse * second[lane]))) + 32)
        }
        return 1 / inverse
    }

    /// Finds levels from -32 to 31 and what one is by trials, each scale counting by its weight.
    mutating func setSearched(_ first: Lanes, _ second: Lanes, weights: (Lanes, Lanes)) -> Float {
        let scales = (0..<8).map { first[$0] } + (0..<8).map { second[$0] }
        let sums = (0..<8).map { weights.0[$0] } + (0..<8).map { weights.1[$0] }
        var found = [Int32](repeating: 0, count: 16)
        let unit = signedScale(scales, weights: sums, half: 32, levels: &found)
        for sub in 0..<16 { levels[sub] = UInt8(truncatingIfNeeded: found[sub] + 32) }
        return unit
    }

    func store(_ bytes: inout MutableSpan<UInt8>, at start: Int) {
        for sub in 0..<8 {
            bytes[start + sub] = levels[sub] & 15 | levels[sub + 8] << 4
        }
        for group in 0..<4 {
            var high: UInt8 = 0
            for part in 0..<4 { high |= (levels[4 * part + group] >> 4) << UInt8(2 * part) }
            bytes[start + 8 + group] = high
        }
    }
}
