/// Q2_K: sixteen sub-blocks of 16 numbers, two bits each, with scales and minimums of four bits
/// (ggml-common.h, `block_q2_K`): 16 bytes of scales, 64 bytes of levels, d, dmin (binary16).
enum Q2KFormat: SuperBlockFormat {
    static var type: GGMLType { .q2K }

    static func quantize(
        block values: Span<Float>, importance: Span<Float>, into block: inout MutableSpan<UInt8>
    ) {
        let x = (transposed16(values, from: 0), transposed16(values, from: 128))
        var scale: Float
        var minimum: Float
        var first: ScaleMin<16>
        var second: ScaleMin<16>
        if importance.isEmpty {
            let trials = ScaleMinTrials(most: 3, first: -0.5, delta: 0.1, steps: 15, isAbsolute: true)
            first = scaleMin(x.0, weights: magnitudes(x.0), trials)
            second = scaleMin(x.1, weights: magnitudes(x.1), trials)
            let scales = LevelsOf15(first.scale, second.scale)
            let minimums = LevelsOf15(first.minimum, second.minimum)
            (scale, minimum) = (scales.unit, minimums.unit)
            for sub in 0..<16 { block[sub] = scales[sub] | minimums[sub] << 4 }
        } else {
            let sigma = sumOfSquares(values) / 256
            let weights = (
                importances(x.0, importance, from: 0, sigma), importances(x.1, importance, from: 128, sigma)
            )
            let trials = ScaleMinTrials(most: 3, first: -0.9, delta: 0.05, steps: 36, isAbsolute: false)
            first = scaleMin(x.0, weights: weights.0, trials)
            second = scaleMin(x.1, weights: weights.1, trials)
            let sums = lanes(sum(weights.0), sum(weights.1))
            var scales = [UInt8](repeating: 0, count: 16)
            var minimums = scales
            scale = positiveScale(lanes(first.scale, second.scale), weights: sums, most: 15, levels: &scales)
            minimum = positiveScale(
                lanes(first.minimum, second.minimum), weights: sums, most: 15, levels: &minimums)
            for sub in 0..<16 { block[sub] = scales[sub] | minimums[sub] << 4 }
        }
        scale = block.storeHalf(scale, at: 80)
        minimum = block.storeHalf(minimum, at: 82)
        round(&first.levels, x.0, scale, minimum, block.span, at: 0)
        round(&second.levels, x.1, scale, minimum, block.span, at: 8)
        pack(first.levels, &block, at: 16)
        pack(second.levels, &block, at: 48)
    }

    @inline(__always)
    private static func magnitudes(_ x: borrowing Lanes16) -> Lanes16 {
        var result = Lanes16(repeating: Lanes())
        for i in 0..<16 { result[i] = x[i].magnitudes }
        return result
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

    private static func lanes(_ first: Lanes, _ second: Lanes) -> [Float] {
        (0..<8).map { first[$0] } + (0..<8).map { second[$0] }
    }

    /// Chooses the levels anew for what the rounded scales mean; where one is 0, they stay.
    @inline(__always)
    private static func round(
        _ levels: inout Lanes16, _ x: borrowing Lanes16, _ scale: Float, _ minimum: Float,
        _ bytes: Span<UInt8>, at place: Int
    ) {
        var scales = Lanes()
        var minimums = Lanes()
        for lane in 0..<8 {
            scales[lane] = scale * Float(bytes[place + lane] & 15)
            minimums[lane] = minimum * Float(bytes[place + lane] >> 4)
        }
        let isUsed = scales .!= 0
        for i in 0..<16 {
            levels[i].replace(
                with: ((x[i] + minimums) / scales).nearest(from: 0, to: 3), where: isUsed)
        }
    }

    /// Half a super-block: sub-blocks 2k and 2k + 1 are the 32 numbers of its quarter k.
    @inline(__always)
    private static func pack(
        _ levels: borrowing Lanes16, _ block: inout MutableSpan<UInt8>, at start: Int
    ) {
        for i in 0..<16 {
            let bits = SIMD8<UInt8>(truncatingIfNeeded: SIMD8<Int32>(levels[i]))
            for half in 0..<2 {
                block[start + half * 16 + i] =
                    bits[half] | bits[2 + half] << 2 | bits[4 + half] << 4 | bits[6 + half] << 6
            }
        }
    }

    static func dequantize(block: Span<UInt8>, into values: inout MutableSpan<Float>) {
        let (scale, minimum) = (block.half(at: 80), block.half(at: 82))
        for sub in 0..<16 {
            let subScale = scale * Float(block[sub] & 15)
            let subMinimum = minimum * Float(block[sub] >> 4)
            for i in 0..<16 {
                let byte = block[16 + sub / 8 * 32 + sub % 2 * 16 + i]
                let level = byte >> UInt8(sub % 8 / 2 * 2) & 3
                values[sub * 16 + i] = subScale * Float(level) - subMinimum
            }
        }
    }
}

/// Sixteen numbers in levels of a fifteenth of the largest; all 0 where none is positive.
private struct LevelsOf15 {
    /// What one level is.
    let unit: Float
    private var levels = SIMD16<UInt8>()

    init(_ first: Lanes, _ second: Lanes) {
        var largest: Float = 0
        for lane in 0..<8 where first[lane] > largest { largest = first[lane] }
        for lane in 0..<8 where second[lane] > largest { largest = second[lane] }
        guard largest > 0 else {
            unit = 0
            return
        }
        let inverse = 15 / largest
        for lane in 0..<8 {
            levels[lane] = UInt8(truncatingIfNeeded: nearestInteger(inverse * first[lane]))
            levels[lane + 8] = UInt8(truncatingIfNeeded: nearestInteger(inverse * second[lane]))
        }
        unit = largest / 15
    }

    subscript(index: Int) -> UInt8 { levels[index] }
}
