/// Eight sub-blocks of 32 numbers with a scale and a minimum each: what Q4_K and Q5_K have in common.
struct ScaleMinBlock {
    /// The scales and minimums in levels of ``scale`` and ``minimum``.
    let parts: SixBitScales
    /// The largest scale and minimum over 63, before they are rounded to 16 bits.
    let scale: Float
    /// What one level of a minimum is.
    let minimum: Float

    /// Finds scales and minimums, and the levels, which are whole and not negative.
    /// - Parameters:
    ///   - values: 256 numbers.
    ///   - importance: of 256 columns, or none.
    ///   - trials: how to search if there is no importance; with it, that is the same for both types.
    ///   - room: 32 lanes to work in, as `weights` and `tried`.
    ///   - levels: gets the levels.
    @inline(__always)
    init(
        _ values: Span<Float>, importance: Span<Float>, _ trials: ScaleMinTrials,
        values room: inout [Lanes], weights: inout [Lanes], levels: inout [Lanes], tried: inout [Lanes]
    ) {
        var filled = room.mutableSpan
        filled.transpose(values, length: 32)
        let x = room.span
        var weights = weights.mutableSpan
        var levels = levels.mutableSpan
        var tried = tried.mutableSpan
        if importance.isEmpty {
            var squares = Lanes()
            for i in 0..<32 { squares += x[i] * x[i] }
            let average = (squares / 32).squareRoot()
            for i in 0..<32 { weights[i] = average + x[i].magnitudes }
            let found = scaleMin(
                x, weights: weights.span, count: 32, trials, levels: &levels, tried: &tried)
            let largestScale = ScaleMinBlock.largest(found.scale)
            let largestMinimum = ScaleMinBlock.largest(found.minimum)
            parts = SixBitScales(found, largestScale: largestScale, largestMinimum: largestMinimum)
            scale = largestScale / 63
            minimum = largestMinimum / 63
        } else {
            let sigma = 2 * sumOfSquares(values) / 256
            weights.transpose(importance, length: 32)
            var sums = Lanes()
            for i in 0..<32 {
                let weight = weights[i] * (sigma + x[i] * x[i]).squareRoot()
                weights[i] = weight
                sums += weight
            }
            let found = scaleMin(
                x, weights: weights.span, count: 32, .weighted(most: trials.most), levels: &levels,
                tried: &tried)
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
        let scales = HalfPrecision.rounded(scale) * Lanes(parts.scales)
        let minimums = HalfPrecision.rounded(minimum) * Lanes(parts.minimums)
        levels.round(x, scales, minimums, most: trials.most)
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
