import BlockTypes

/// Q4_K: eight sub-blocks of 32 numbers, four bits each, with scales and minimums of six bits
/// (ggml-common.h, `block_q4_K`): d, dmin (binary16), 12 bytes of scales, 128 bytes of levels.
enum Q4KFormat: SuperBlockFormat {
    static var type: GGMLType { .q4K }

    static func quantize(
        block values: Span<Float>, importance: Span<Float>, into block: inout MutableSpan<UInt8>,
        values room: inout [Lanes], weights: inout [Lanes], levels: inout [Lanes], tried: inout [Lanes]
    ) {
        let found = ScaleMinBlock(
            values, importance: importance,
            ScaleMinTrials(most: 15, first: -1, delta: 0.1, steps: 20, isAbsolute: false), values: &room,
            weights: &weights, levels: &levels, tried: &tried)
        _ = block.storeHalf(found.scale, at: 0)
        _ = block.storeHalf(found.minimum, at: 2)
        found.parts.store(&block, at: 4)
        let all = levels.span
        for i in 0..<32 {
            let levels = all[i].bytes
            for pair in 0..<4 {
                block[16 + pair * 32 + i] = levels[2 * pair] | levels[2 * pair + 1] << 4
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
                let byte = block[16 + sub / 2 * 32 + i]
                let level = sub % 2 == 0 ? byte & 15 : byte >> 4
                values[sub * 32 + i] = subScale * Float(level) - subMinimum
            }
        }
    }
}
