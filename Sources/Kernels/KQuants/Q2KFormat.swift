import BlockTypes

/// Q2_K: sixteen sub-blocks of 16 numbers, two bits each, with scales and minimums of four bits
/// (ggml-common.h, `block_q2_K`): 16 bytes of scales, 64 bytes of levels, d, dmin (binary16).
enum Q2KFormat: SuperBlockFormat {
    static var type: GGMLType { .q2K }

    static func quantize(
        block values: Span<Float>, importance: Span<Float>, into block: inout MutableSpan<UInt8>,
        values room: inout [Lanes], weights: inout [Lanes], levels: inout [Lanes], tried: inout [Lanes]
    ) {
        var filled = room.mutableSpan
        filled.transpose(values, length: 16)
        let x = room.span
        var weights = weights.mutableSpan
        if importance.isEmpty {
            for i in 0..<32 { weights[i] = x[i].magnitudes }
        } else {
            weights.weigh(x, by: importance, sigma: sumOfSquares(values) / 256)
        }
        let trials =
            importance.isEmpty
            ? ScaleMinTrials(most: 3, first: -0.5, delta: 0.1, steps: 15, isAbsolute: true)
            : .weighted(most: 3)
        var levels = levels.mutableSpan
        var tried = tried.mutableSpan
        var found = [(scale: Lanes(), minimum: Lanes()), (scale: Lanes(), minimum: Lanes())]
        for half in 0..<2 {
            let range = half * 16..<half * 16 + 16
            var part = levels._mutatingExtracting(range)
            var room = tried._mutatingExtracting(range)
            found[half] = scaleMin(
                x.extracting(range), weights: weights.span.extracting(range), count: 16, trials,
                levels: &part, tried: &room)
        }
        let units = parts(found, importance.isEmpty ? nil : weights.span.sums, &block)
        let scale = block.storeHalf(units.scale, at: 80)
        let minimum = block.storeHalf(units.minimum, at: 82)
        for half in 0..<2 {
            var (scales, minimums) = (Lanes(), Lanes())
            for lane in 0..<8 {
                let part = block[half * 8 + lane]
                scales[lane] = scale * Float(part & 15)
                minimums[lane] = minimum * Float(part >> 4)
            }
            let range = half * 16..<half * 16 + 16
            var part = levels._mutatingExtracting(range)
            part.round(x.extracting(range), scales, minimums, most: 3)
            pack(part.span, &block, at: 16 + half * 32)
        }
    }

    /// Rounds scales and minimums to four bits, each counting by its weight if there are weights.
    /// - Returns: what one level of each is.
    private static func parts(
        _ found: [(scale: Lanes, minimum: Lanes)], _ weights: [Float]?, _ block: inout MutableSpan<UInt8>
    ) -> (scale: Float, minimum: Float) {
        let scales = (0..<16).map { found[$0 / 8].scale[$0 % 8] }
        let minimums = (0..<16).map { found[$0 / 8].minimum[$0 % 8] }
        var scaleLevels = [UInt8](repeating: 0, count: 16)
        var minimumLevels = scaleLevels
        let units =
            if let weights {
                (
                    scale: positiveScale(scales, weights: weights, most: 15, levels: &scaleLevels),
                    minimum: positiveScale(minimums, weights: weights, most: 15, levels: &minimumLevels)
                )
            } else {
                (
                    scale: fifteenths(scales, levels: &scaleLevels),
                    minimum: fifteenths(minimums, levels: &minimumLevels)
                )
            }
        for sub in 0..<16 { block[sub] = scaleLevels[sub] | minimumLevels[sub] << 4 }
        return units
    }

    /// Rounds numbers to fifteenths of the largest; all are 0 where none is positive.
    private static func fifteenths(_ values: [Float], levels: inout [UInt8]) -> Float {
        var largest: Float = 0
        for value in values where value > largest { largest = value }
        guard largest > 0 else { return 0 }
        let inverse = 15 / largest
        for index in values.indices {
            levels[index] = UInt8(truncatingIfNeeded: nearestInteger(inverse * values[index]))
        }
        return largest / 15
    }

    /// Half a super-block: sub-blocks 2k and 2k + 1 are the 32 numbers of its quarter k.
    @inline(__always)
    private static func pack(
        _ levels: Span<Lanes>, _ block: inout MutableSpan<UInt8>, at start: Int
    ) {
        for i in 0..<16 {
            let bits = levels[i].bytes
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
