import BlockTypes

/// Super-blocks of eight sub-blocks of 32 numbers with a scale and a minimum each: what Q4_K and Q5_K have in common.
protocol ScaleMinFormat: SuperBlockFormat {
    /// How to search if there is no importance; with it, that is the same for both types.
    static var trials: ScaleMinTrials { get }
    /// Writes the levels of a super-block.
    /// - Parameter levels: sixteen levels of a sub-block, from one of its numbers on.
    static func pack(
        into block: inout MutableSpan<UInt8>, _ levels: (_ sub: Int, _ place: Int) -> LaneBits)
}

extension ScaleMinFormat {
    static var blocksAtOnce: Int { 2 }

    static func quantize(
        _ values: Span<Float>, importance: Span<Float>, columns: (first: Int, last: Int),
        into blocks: inout MutableSpan<UInt8>, _ room: inout SearchRoom
    ) {
        let size = type.blockSize
        let count = values.count / 256
        // Where there is no second super-block, the first is searched twice.
        let last = (count - 1) * 256
        var x = room.values.mutableSpan
        x.transpose(values, from: (0, last))
        var weights = room.weights.mutableSpan
        var sums = Lanes()
        if importance.isEmpty {
            var squares = Lanes()
            for i in 0..<32 { squares += x[i] * x[i] }
            let average = (squares / 32).squareRoot()
            for i in 0..<32 { weights[i] = average + x[i].magnitudes }
        } else {
            let sigma = Lanes(
                2 * sumOfSquares(values.extracting(0..<256)) / 256,
                2 * sumOfSquares(values.extracting(last..<last + 256)) / 256)
            weights.transpose(importance, from: (columns.first, columns.last))
            for i in 0..<32 {
                let weight = weights[i] * (sigma + x[i] * x[i]).squareRoot()
                weights[i] = weight
                sums += weight
            }
        }
        var tried = room.tried.mutableSpan
        let found = scaleMin(
            x.span, weights: weights.span, count: 32,
            importance.isEmpty ? trials : .weighted(most: trials.most), tried: &tried)
        for index in 0..<count {
            var block = blocks._mutatingExtracting(index * size..<(index + 1) * size)
            finish(
                values.extracting(index * 256..<index * 256 + 256), found, from: index * 8,
                weights: importance.isEmpty ? nil : sums, into: &block)
        }
    }

    /// Rounds scales and minimums, and chooses levels for what is left of them.
    /// - Parameter lane: the first sub-block's.
    private static func finish(
        _ values: Span<Float>, _ found: ScaleMins, from lane: Int, weights: Lanes?,
        into block: inout MutableSpan<UInt8>
    ) {
        let most = trials.most
        let parts: SixBitScales
        let scale: Float
        let minimum: Float
        if let weights {
            let counts = Few(weights, from: lane, count: 8)
            var (scales, minimums) = (SIMD16<UInt8>(), SIMD16<UInt8>())
            scale = positiveScale(Few(found.scale, from: lane, count: 8), weights: counts, most: 63, &scales)
            minimum = positiveScale(
                Few(found.minimum, from: lane, count: 8), weights: counts, most: 63, &minimums)
            // ggml limits them for Q5_K, but not for Q4_K.
            parts = SixBitScales(scales, minimums, isLimited: most == 31)
        } else {
            let largestScale = largest(found.scale, from: lane)
            let largestMinimum = largest(found.minimum, from: lane)
            parts = SixBitScales(
                found, from: lane, largestScale: largestScale, largestMinimum: largestMinimum)
            scale = largestScale / 63
            minimum = largestMinimum / 63
        }
        let unit = block.storeHalf(scale, at: 0)
        let least = block.storeHalf(minimum, at: 2)
        parts.store(&block, at: 4)
        pack(into: &block) { sub, place in
            let sixteen = Lanes(values, from: sub &* 32 &+ place)
            let subScale = unit * Float(parts.scales[sub])
            // Where a scale is 0, the levels of the search stay.
            let levels =
                subScale != 0
                ? ((sixteen + least * Float(parts.minimums[sub])) / subScale).nearest(from: 0, to: most)
                : found.levels(sixteen, lane: lane &+ sub, most: most)
            return levels.wholeNumbers
        }
    }

    private static func largest(_ values: Lanes, from first: Int) -> Float {
        var largest: Float = 0
        for lane in first..<first + 8 where values[lane] > largest { largest = values[lane] }
        return largest
    }
}

extension HalfPrecision {
    /// What is left of a number in 16 bits.
    @inline(__always)
    static func rounded(_ value: Float) -> Float { float(float16: float16(value)) }
}
