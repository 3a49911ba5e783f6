import BlockTypes

/// Q6_K: sixteen sub-blocks of 16 numbers, six bits each, with scales of eight bits (ggml-common.h,
/// `block_q6_K`): 128 bytes of lower bits, 64 bytes of upper ones, 16 scales, d (binary16).
enum Q6KFormat: SuperBlockFormat {
    static var type: GGMLType { .q6K }

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
            for i in 0..<16 { weights[i] = x[i] * x[i] }
        } else {
            weights.transpose(importance.extracting(columns.first..<columns.first + 256))
        }
        var more = room.tried.mutableSpan
        var tried = more._mutatingExtracting(0..<16)
        let found = scaled(x.span, weights: weights.span, count: 16, half: 32, room: &tried)
        let scales = Few(found.scale, count: 16)
        var peak: Float = 0
        var magnitude: Float = 0
        for sub in scales.indices where abs(scales[sub]) > magnitude {
            peak = scales[sub]
            magnitude = abs(peak)
        }
        guard !(magnitude < smallestMagnitude) else {
            for index in block.indices { block[index] = 0 }
            return
        }
        let inverse = -128 / peak
        let scale = block.storeHalf(1 / inverse, at: 208)
        var units = Lanes()
        for sub in scales.indices {
            let level = Int8(truncatingIfNeeded: min(127, nearestInteger(inverse * scales[sub])))
            block[192 + sub] = UInt8(bitPattern: level)
            units[sub] = scale * Float(level)
        }
        // Sub-blocks 2k and 2k + 1 are the 32 numbers of quarter k of half a super-block.
        for half in 0..<2 {
            for part in 0..<2 {
                let first = half &* 8 &+ part
                let (a, b) = (levels(first, values, units, found), levels(first &+ 2, values, units, found))
                let (c, d) = (
                    levels(first &+ 4, values, units, found), levels(first &+ 6, values, units, found)
                )
                let place = half &* 64 &+ part &* 16
                block.store(a & 15 | (c & 15) &<< 4, at: place)
                block.store(b & 15 | (d & 15) &<< 4, at: place &+ 32)
                block.store(
                    a &>> 4 | (b &>> 4) &<< 2 | (c &>> 4) &<< 4 | (d &>> 4) &<< 6,
                    at: 128 &+ half &* 32 &+ part &* 16)
            }
        }
    }

    /// A sub-block's levels, from 0 to 63; where its scale is 0, those of the search stay.
    @inline(__always)
    private static func levels(
        _ sub: Int, _ values: Span<Float>, _ units: Lanes, _ found: Scales
    ) -> LaneBits {
        let sixteen = Lanes(values, from: sub &* 16)
        let levels =
            units[sub] != 0
            ? (sixteen / units[sub]).nearest(from: -32, to: 31)
            : found.levels(sixteen, lane: sub, half: 32)
        return (levels + 32).wholeNumbers
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
