import BlockTypes

/// Q5_K: as Q4_K with five bits a number (ggml-common.h, `block_q5_K`): d, dmin (binary16), 12 bytes of scales,
/// 32 bytes of fifth bits, 128 bytes of the lower four.
enum Q5KFormat: ScaleMinFormat {
    static var type: GGMLType { .q5K }
    static var trials: ScaleMinTrials {
        ScaleMinTrials(most: 31, first: -0.5, delta: 0.1, steps: 15, isAbsolute: false)
    }

    @inline(__always)
    static func pack(
        into block: inout MutableSpan<UInt8>, _ levels: (_ sub: Int, _ place: Int) -> LaneBits
    ) {
        for place in stride(from: 0, to: 32, by: 16) {
            var fifths = LaneBits()
            for pair in 0..<4 {
                let (low, high) = (levels(2 &* pair, place), levels(2 &* pair &+ 1, place))
                block.store(low & 15 | (high & 15) &<< 4, at: 48 &+ pair &* 32 &+ place)
                fifths = fifths | (low &>> 4) &<< (2 &* pair) | (high &>> 4) &<< (2 &* pair &+ 1)
            }
            block.store(fifths, at: 16 &+ place)
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
