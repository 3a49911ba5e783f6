import BlockTypes

/// Q1_0: the signs of 128 numbers, with their mean magnitude (ggml-common.h, `block_q1_0`): d (binary16),
/// 16 bytes of bits, 1 for what is not negative.
enum Q10Format: BlockFormat {
    static var type: GGMLType { .q10 }

    static func quantize(
        _ rows: Span<Float>, rowLength: Int, importance: Span<Float>, into output: inout MutableSpan<UInt8>
    ) {
        check(rows.count, rowLength: rowLength, importance: importance.count, bytes: output.count)
        for index in 0..<rows.count / 128 {
            let values = rows.extracting(index &* 128..<index &* 128 &+ 128)
            var block = output._mutatingExtracting(index &* 18..<index &* 18 &+ 18)
            var sum: Float = 0
            for i in 0..<128 { sum += abs(values[i]) }
            _ = block.storeHalf(sum / 128, at: 0)
            for byte in 0..<16 {
                var bits: UInt8 = 0
                for bit in 0..<8 where values[byte &* 8 &+ bit] >= 0 {
                    bits |= 1 &<< UInt8(truncatingIfNeeded: bit)
                }
                block[2 &+ byte] = bits
            }
        }
    }

    static func dequantize(_ blocks: Span<UInt8>, into output: inout MutableSpan<Float>) {
        for index in 0..<check(bytes: blocks.count, numbers: output.count) {
            let block = blocks.extracting(index &* 18..<index &* 18 &+ 18)
            var values = output._mutatingExtracting(index &* 128..<index &* 128 &+ 128)
            let scale = block.half(at: 0)
            for i in 0..<128 {
                let bit = block[2 &+ i / 8] &>> UInt8(truncatingIfNeeded: i % 8) & 1
                values[i] = bit == 1 ? scale : -scale
            }
        }
    }
}

/// Q2_0: 64 numbers of two bits with a scale (ggml-common.h, `block_q2_0`): d (binary16), 16 bytes with four
/// numbers each, the first in the lowest bits: -1, 0, 1 and 2 scales, of which only the first three are ever
/// written.
enum Q20Format: BlockFormat {
    static var type: GGMLType { .q20 }

    static func quantize(
        _ rows: Span<Float>, rowLength: Int, importance: Span<Float>, into output: inout MutableSpan<UInt8>
    ) {
        check(rows.count, rowLength: rowLength, importance: importance.count, bytes: output.count)
        for index in 0..<rows.count / 64 {
            let values = rows.extracting(index &* 64..<index &* 64 &+ 64)
            var block = output._mutatingExtracting(index &* 18..<index &* 18 &+ 18)
            let scale = values.largestMagnitude
            let factor = inverse(scale)
            _ = block.storeHalf(scale, at: 0)
            // Products with an infinite inverse are no numbers that fit 32 bits: ggml's bits of those are 0.
            let isFinite = factor.isFinite
            for byte in 0..<16 {
                var bits: UInt32 = 0
                for part in 0..<4 {
                    let level = (roundedBits(values[byte &* 4 &+ part] * factor) &+ 1) & 3
                    bits |= level &<< UInt32(truncatingIfNeeded: part &* 2)
                }
                block[2 &+ byte] = isFinite ? UInt8(truncatingIfNeeded: bits) : 0
            }
        }
    }

    static func dequantize(_ blocks: Span<UInt8>, into output: inout MutableSpan<Float>) {
        for index in 0..<check(bytes: blocks.count, numbers: output.count) {
            let block = blocks.extracting(index &* 18..<index &* 18 &+ 18)
            var values = output._mutatingExtracting(index &* 64..<index &* 64 &+ 64)
            let scale = block.half(at: 0)
            for i in 0..<64 {
                let bits = block[2 &+ i / 4] &>> UInt8(truncatingIfNeeded: i % 4 &* 2) & 3
                values[i] = Float(Int32(bits) &- 1) * scale
            }
        }
    }
}
