import BlockTypes

/// Q3_K: sixteen sub-blocks of 16 numbers, three bits each, with signed scales of six bits (ggml-common.h,
/// `block_q3_K`): 32 bytes of third bits, 64 bytes of the lower two, 12 bytes of scales, d (binary16).
enum Q3KFormat: SuperBlockFormat {
    static var type: GGMLType { .q3K }

    static func quantize(
        block values: Span<Float>, importance: Span<Float>, into block: inout MutableSpan<UInt8>,
        values room: inout [Lanes], weights: inout [Lanes], levels: inout [Lanes], tried: inout [Lanes]
    ) {
        var filled = room.mutableSpan
        filled.transpose(values, length: 16)
        let x = room.span
        var weights = weights.mutableSpan
        if !importance.isEmpty {
            weights.weigh(x, by: importance, sigma: 2 * sumOfSquares(values) / 256)
        }
        var levels = levels.mutableSpan
        var tried = tried.mutableSpan
        var halves = [Lanes(), Lanes()]
        for half in 0..<2 {
            let range = half * 16..<half * 16 + 16
            var part = levels._mutatingExtracting(range)
            var room = tried._mutatingExtracting(range)
            halves[half] =
                importance.isEmpty
                ? scaledByRounds(x.extracting(range), levels: &part)
                : scaled(
                    x.extracting(range), weights: weights.span.extracting(range), count: 16, half: 4,
                    levels: &part, room: &room)
        }
        var scales = SixBitSigned()
        let found = (0..<16).map { halves[$0 / 8][$0 % 8] }
        let scale =
            importance.isEmpty
            ? scales.setRounded(found) : scales.setSearched(found, weights: weights.span.sums)
        scales.store(&block, at: 96)
        let rounded = block.storeHalf(scale, at: 108)
        for i in 0..<32 { block[i] = 0 }
        for half in 0..<2 {
            var subScales = Lanes()
            for lane in 0..<8 { subScales[lane] = rounded * Float(Int32(scales[half * 8 + lane]) - 32) }
            let range = half * 16..<half * 16 + 16
            var part = levels._mutatingExtracting(range)
            part.round(x.extracting(range), subScales, half: 4)
            pack(part.span, &block, at: 32 + half * 32, bit: UInt8(half * 4))
        }
    }

    /// Half a super-block: sub-blocks 2k and 2k + 1 are the 32 numbers of its quarter k, whose third bits are
    /// bit `bit` + k.
    @inline(__always)
    private static func pack(
        _ levels: Span<Lanes>, _ block: inout MutableSpan<UInt8>, at start: Int, bit: UInt8
    ) {
        for i in 0..<16 {
            let bits = (levels[i] + 4).bytes
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
    mutating func setRounded(_ found: [Float]) -> Float {
        var peak: Float = 0
        for scale in found where abs(scale) > abs(peak) { peak = scale }
        guard peak != 0 else { return 0 }
        let inverse = -32 / peak
        for sub in 0..<16 {
            levels[sub] = UInt8(max(-32, min(31, nearestInteger(inverse * found[sub]))) + 32)
        }
        return 1 / inverse
    }

    /// Finds levels from -32 to 31 and what one is by trials, each scale counting by its weight.
    mutating func setSearched(_ found: [Float], weights: [Float]) -> Float {
        var signed = [Int32](repeating: 0, count: 16)
        let unit = signedScale(found, weights: weights, half: 32, levels: &signed)
        for sub in 0..<16 { levels[sub] = UInt8(truncatingIfNeeded: signed[sub] + 32) }
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
