import BlockTypes

/// Q6_K: sixteen sub-blocks of 16 numbers, six bits each, with scales of eight bits (ggml-common.h,
/// `block_q6_K`): 128 bytes of lower bits, 64 bytes of upper ones, 16 scales, d (binary16).
enum Q6KFormat: SuperBlockFormat {
    static var type: GGMLType { .q6K }

    static func quantize(
        block values: Span<Float>, importance: Span<Float>, into block: inout MutableSpan<UInt8>,
        values room: inout [Lanes], weights: inout [Lanes], levels: inout [Lanes], tried: inout [Lanes]
    ) {
        var filled = room.mutableSpan
        filled.transpose(values, length: 16)
        let x = room.span
        var weights = weights.mutableSpan
        if importance.isEmpty {
            for i in 0..<32 { weights[i] = x[i] * x[i] }
        } else {
            weights.transpose(importance, length: 16)
        }
        var levels = levels.mutableSpan
        var tried = tried.mutableSpan
        var halves = [Lanes(), Lanes()]
        for half in 0..<2 {
            let range = half * 16..<half * 16 + 16
            var part = levels._mutatingExtracting(range)
            var room = tried._mutatingExtracting(range)
            halves[half] = scaled(
                x.extracting(range), weights: weights.span.extracting(range), count: 16, half: 32,
                levels: &part, room: &room)
        }
        var peak: Float = 0
        var magnitude: Float = 0
        for sub in 0..<16 where abs(halves[sub / 8][sub % 8]) > magnitude {
            peak = halves[sub / 8][sub % 8]
            magnitude = abs(peak)
        }
        guard !(magnitude < smallestMagnitude) else {
            for index in block.indices { block[index] = 0 }
            return
        }
        let inverse = -128 / peak
        let scale = block.storeHalf(1 / inverse, at: 208)
        for half in 0..<2 {
            var scales = Lanes()
            for lane in 0..<8 {
                let level = Int8(
                    truncatingIfNeeded: min(127, nearestInteger(inverse * halves[half][lane])))
                block[192 + half * 8 + lane] = UInt8(bitPattern: level)
                scales[lane] = scale * Float(level)
            }
            let range = half * 16..<half * 16 + 16
            var part = levels._mutatingExtracting(range)
            part.round(x.extracting(range), scales, half: 32)
            pack(part.span, &block, lower: half * 64, upper: 128 + half * 32)
        }
    }

    /// Half a super-block: sub-blocks 2k and 2k + 1 are the 32 numbers of its quarter k.
    @inline(__always)
    private static func pack(
        _ levels: Span<Lanes>, _ block: inout MutableSpan<UInt8>, lower: Int, upper: Int
    ) {
        for i in 0..<16 {
            let bits = (levels[i] + 32).bytes
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
