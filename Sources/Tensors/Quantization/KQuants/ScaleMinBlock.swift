/// Eight sub-blocks of 32 numbers with a scale and a minimum each: what Q4_K and Q5_K have in common.
struct ScaleMinBlock {
    /// The levels of the numbers, whole and not negative.
    var levels: Lanes32
    /// The scales and minimums in levels of ``scale`` and ``minimum``.
    let parts: SixBitScales
    /// The largest scale and minimum over 63, before they are rounded to 16 bits.
    let scale: Float
    let minimum: Float

    /// - Parameters:
    ///   - values: 256 numbers.
    ///   - importance: of 256 columns, or none.
    ///   - trials: how to search where there is no importance; with it, that is the same for both types.
    @inline(__always)
    init(_ values: Span<Float>, importance: Span<Float>, _ trials: ScaleMinTrials) {
        let x = transposed32(values, from: 0)
        var weights = Lanes32(repeating: Lanes())
        if importance.isEmpty {
            var squares = Lanes()
            for i in 0..<32 { squares += x[i] * x[i] }
            let average = (squares / 32).squareRoot()
            for i in 0..<32 { weights[i] = average + x[i].magnitudes }
            let found = scaleMin(x, weights: weights, trials)
            let largestScale = ScaleMinBlock.largest(found.scale)
            let largestMinimum = ScaleMinBlock.largest(found.minimum)
            levels = found.levels
            parts = SixBitScales(
                (found.scale, found.minimum), largestScale: largestScale, largestMinimum: largestMinimum)
            scale = largestScale / 63
            minimum = largestMinimum / 63
        } else {
            let sigma = 2 * sumOfSquares(values) / 256
            let columns = transposed32(importance, from: 0)
            var sums = Lanes()
            for i in 0..<32 {
                weights[i] = columns[i] * (sigma + x[i] * x[i]).squareRoot()
                sums += weights[i]
            }
            let found = scaleMin(
                x, weights: weights,
                ScaleMinTrials(most: trials.most, first: -0.9, delta: 0.05, steps: 36, isAbsolute: false))
            levels = found.levels
            let weights = (0..<8).map { sums[$0] }
            var scales = [UInt8](repeating: 0, count: 8)
            var minimums = scales
            scale = positiveScale(
                (0..<8).map { found.scale[$0] }, weights: weights, most: 63, levels: &scales)
            minimum = positiveScale(
                (0..<8).map { found.minimum[$0] }, weights: weights, most: 63, levels: &minimums)
            // ggml limits them for Q5_K, but not for Q4_K.
            parts = SixBitScales(scales, minimums, isLimited: trials.most == 31)
        }
        round(x, HalfPrecision.rounded(scale), HalfPrecision.rounded(minimum), most: trials.most)
    }

    /// Chooses the levels anew for what the rounded scales mean; where a scale is 0, they stay.
    @inline(__always)
    private mutating func round(_ x: borrowing Lanes32, _ scale: Float, _ minimum: Float, most: Float) {
        let scales = scale * Lanes(parts.scales)
        let minimums = minimum * Lanes(parts.minimums)
        let isUsed = scales .!= 0
        for i in 0..<32 {
            let level = ((x[i] + minimums) / scales).nearest(from: 0, to: most)
            levels[i].replace(with: level, where: isUsed)
        }
    }

    private static func largest(_ values: Lanes) -> Float {
        var largest: Float = 0
        for lane in 0..<8 where values[lane] > largest { largest = values[lane] }
        return largest
    }
}

extension HalfPrecision {
    /// What is left of a number in 16 bits.
    @inline(__always)
    static func rounded(_ value: Float) -> Float { float(float16: float16(value)) }
}
