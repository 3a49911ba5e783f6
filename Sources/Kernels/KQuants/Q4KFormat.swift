import BlockTypes

/// Q4_K: eight sub-blocks of 32 numbers, four bits each, with scales and minimums of six bits
/// (ggml-common.h, `block_q4_K`): d, dmin (binary16), 12 bytes of scales, 128 bytes of levels.
enum Q4KFormat: ScaleMinFormat {
    static var type: GGMLType { .q4K }
    static var trials: ScaleMinTrials {
        ScaleMinTrials(most: 15, first: -1, delta: 0.1, steps: 20, isAbsolute: false)
    }

    @inline(__always)
    static func pack(
        into block: inout MutableSpan<UInt8>, _ levels: (_ sub: Int, _ place: Int) -> LaneBits
    ) {
        for pair in 0..<4 {
            for place in stride(from: 0, to: 32, by: 16) {
                let (low, high) = (levels(2 &* pair, place), levels(2 &* pair &+ 1, place))
                block.store(low | high &<< 4, at: 16 &+ pair &* 32 &+ place)
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
