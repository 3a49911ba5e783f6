import BlockTypes

/// Q2_K: sixteen sub-blocks of 16 numbers, two bits each, with scales and minimums of four bits
/// (ggml-common.h, `block_q2_K`): 16 bytes of scales, 64 bytes of levels, d, dmin (binary16).
enum Q2KFormat: SuperBlockFormat {
    static var type: GGMLType { .q2K }

    static var blocksAtOnce: Int { 1 }

    static func quantize(
        _ values: Span<Float>, importance: Span<Float>, columns: (first: Int, last: Int),
        into block: inout MutableSpan<UInt8>, _ room: inout SearchRoom
    ) {
        var filled = room.values.mutableSpan
        var x = filled._mutatingExtracting(0..<16)
        x.transpose(values)
        var space = room.weights.mutableSpan
        var weights = space._mutatingExtracting(0..<16)
        if importance.isEmpty {
            for i in 0..<16 { weights[i] = x[i].magnitudes }
        } else {
            weights.weigh(
                x.span, by: importance.extracting(columns.first..<columns.first + 256),
                sigma: sumOfSquares(values) / 256)
        }
        let trials =
            importance.isEmpty
            ? ScaleMinTrials(most: 3, first: -0.5, delta: 0.1, steps: 15, isAbsolute: true)
            : .weighted(most: 3)
        var more = room.tried.mutableSpan
        var tried = more._mutatingExtracting(0..<16)
        let found = scaleMin(x.span, weights: weights.span, count: 16, trials, tried: &tried)
        let units = parts(found, importance.isEmpty ? nil : weights.span.sum, &block)
        let scale = block.storeHalf(units.scale, at: 80)
        let minimum = block.storeHalf(units.minimum, at: 82)
        // Sub-blocks 2k and 2k + 1 are the 32 numbers of quarter k of half a super-block.
        for part in 0..<4 {
            var bits = LaneBits()
            for quarter in 0..<4 {
                let sub = part / 2 * 8 + quarter * 2 + part % 2
                let sixteen = Lanes(values, from: sub &* 16)
                let subScale = scale * Float(block[sub] & 15)
                // Where a scale is 0, the levels of the search stay.
                let levels =
                    subScale != 0
                    ? ((sixteen + minimum * Float(block[sub] >> 4)) / subScale).nearest(from: 0, to: 3)
                    : found.levels(sixteen, lane: sub, most: 3)
                bits = bits | levels.wholeNumbers &<< (2 &* quarter)
            }
            block.store(bits, at: 16 &+ part &* 16)
        }
    }

    /// Rounds scales and minimums to four bits, each counting by its weight if there are weights.
    /// - Returns: what one level of each is.
    private static func parts(
        _ found: ScaleMins, _ weights: Lanes?, _ block: inout MutableSpan<UInt8>
    ) -> (scale: Float, minimum: Float) {
        let scales = Few(found.scale, count: 16)
        let minimums = Few(found.minimum, count: 16)
        var (scaleLevels, minimumLevels) = (SIMD16<UInt8>(), SIMD16<UInt8>())
        let units: (scale: Float, minimum: Float)
        if let weights {
            let counts = Few(weights, count: 16)
            units = (
                positiveScale(scales, weights: counts, most: 15, &scaleLevels),
                positiveScale(minimums, weights: counts, most: 15, &minimumLevels)
            )
        } else {
            units = (fifteenths(scales, &scaleLevels), fifteenths(minimums, &minimumLevels))
        }
        for sub in 0..<16 { block[sub] = scaleLevels[sub] | minimumLevels[sub] << 4 }
        return units
    }

    /// Rounds numbers to fifteenths of the largest; all are 0 where none is positive.
    private static func fifteenths(_ values: Few, _ levels: inout SIMD16<UInt8>) -> Float {
        var largest: Float = 0
        for index in values.indices where values[index] > largest { largest = values[index] }
        guard largest > 0 else { return 0 }
        let inverse = 15 / largest
        for index in values.indices {
            levels[index] = UInt8(truncatingIfNeeded: nearestInteger(inverse * values[index]))
        }
        return largest / 15
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
