import BlockTypes

/// Q5_K: as Q4_K with five bits a number (ggml-common.h, `block_q5_K`): d, dmin (binary16), 12 bytes of scales,
/// 32 bytes of fifth bits, 128 bytes of the lower four.
enum Q5KFormat: SuperBlockFormat {
    static var type: GGMLType { .q5K }

    static func quantize(
        block values: Span<Float>, importance: Span<Float>, into block: inout MutableSpan<UInt8>,
        values room: inout [Lanes], weights: inout [Lanes], levels: inout [Lanes], tried: inout [Lanes]
    ) {
        let found = ScaleMinBlock(
            values, importance: importance,
            ScaleMinTrials(most: 31, first: -0.5, delta: 0.1, steps: 15, isAbsolute: false), values: &room,
            weights: &weights, levels: &levels, tried: &tried)
        _ = block.storeHalf(found.scale, at: 0)
        _ = block.storeHalf(found.minimum, at: 2)
        found.parts.store(&block, at: 4)
        let all = levels.span
        for i in 0..<32 {
            let levels = all[i].bytes
            var high: UInt8 = 0
            for sub in 0..<8 { high |= (levels[sub] >> 4) << UInt8(sub) }
            block[16 + i] = high
            for pair in 0..<4 {
                block[48 + pair * 32 + i] = levels[2 * pair] & 15 | levels[2 * pair + 1] << 4
            }
        }
    }

    static func dequantize(block: Span<UInt8>, into values: inout MutableSpan<Float>) {
        let (scale, minimum) = (block.half(at: 0), block.half(at: 2))
        let parts = SixBitScales(block, at: 4)
        for sub in 0..<8 {
            let subScale = scale * Float(parts.scales[sub])
            let subMinimum = minimum * Float(parts.minimums[sub])
            for i in 0..<32 {
                let byte = block[48 + sub / 2 * 32 + i]
                let low = sub % 2 == 0 ? byte & 15 : byte >> 4
                let high = (block[16 + i] >> UInt8(sub) & 1) << 4
                values[sub * 32 + i] = subScale * Float(low | high) - subMinimum
            }
        }
    }
}
