import BlockTypes

/// Q4_0: 32 numbers of four bits with a scale (ggml-common.h, `block_q4_0`): d (binary16), 16 bytes with
/// number i in the lower half of byte i and number 16 + i in the upper one.
enum Q40Format: BlockFormat {
    static var type: GGMLType { .q40 }

    static func quantize(
        _ rows: Span<Float>, rowLength: Int, importance: Span<Float>, into output: inout MutableSpan<UInt8>
    ) {
        check(rows.count, rowLength: rowLength, importance: importance.count, bytes: output.count)
        guard importance.isEmpty else {
            forEachBlock(rows, rowLength: rowLength, importance: importance) { x, w, room in
                scaled(x, weights: w, count: 32, half: 8, room: &room)
            } write: { index, values, found, lane in
                var block = output._mutatingExtracting(index * 18..<(index + 1) * 18)
                _ = block.storeHalf(found.scale[lane], at: 0)
                let low = found.levels(Lanes(values, from: 0), lane: lane, half: 8) + 8
                let high = found.levels(Lanes(values, from: 16), lane: lane, half: 8) + 8
                block.store(low.wholeNumbers & 15 | high.wholeNumbers &<< 4, at: 2)
            }
            return
        }
        for index in 0..<rows.count / 32 {
            let values = rows.extracting(index &* 32..<index &* 32 &+ 32)
            var block = output._mutatingExtracting(index &* 18..<index &* 18 &+ 18)
            let scale = values.peak / -8
            let factor = inverse(scale)
            _ = block.storeHalf(scale, at: 0)
            for i in 0..<16 {
                let low = truncatedBits(values[i] * factor + 8.5) & 31
                let high = truncatedBits(values[i &+ 16] * factor + 8.5) & 31
                block[2 &+ i] = UInt8(
                    truncatingIfNeeded: (low < 15 ? low : 15) | (high < 15 ? high : 15) &<< 4)
            }
        }
    }

    static func dequantize(_ blocks: Span<UInt8>, into output: inout MutableSpan<Float>) {
        for index in 0..<check(bytes: blocks.count, numbers: output.count) {
            let block = blocks.extracting(index &* 18..<index &* 18 &+ 18)
            var values = output._mutatingExtracting(index &* 32..<index &* 32 &+ 32)
            let scale = block.half(at: 0)
            for i in 0..<16 {
                values[i] = Float(Int32(block[2 &+ i] & 15) &- 8) * scale
                values[i &+ 16] = Float(Int32(block[2 &+ i] &>> 4) &- 8) * scale
            }
        }
    }
}

/// Q4_1: 32 numbers of four bits with a scale and a minimum (ggml-common.h, `block_q4_1`): d, m (binary16),
/// 16 bytes as in Q4_0.
enum Q41Format: BlockFormat {
    static var type: GGMLType { .q41 }

    static func quantize(
        _ rows: Span<Float>, rowLength: Int, importance: Span<Float>, into output: inout MutableSpan<UInt8>
    ) {
        check(rows.count, rowLength: rowLength, importance: importance.count, bytes: output.count)
        guard importance.isEmpty else {
            forEachBlock(rows, rowLength: rowLength, importance: importance) { x, w, room in
                scaleMin(x, weights: w, count: 32, .weighted(most: 15), tried: &room)
            } write: { index, values, found, lane in
                var block = output._mutatingExtracting(index * 20..<(index + 1) * 20)
                _ = block.storeHalf(found.scale[lane], at: 0)
                _ = block.storeHalf(found.minimum[lane] * -1, at: 2)
                let low = found.levels(Lanes(values, from: 0), lane: lane, most: 15)
                let high = found.levels(Lanes(values, from: 16), lane: lane, most: 15)
                block.store(low.wholeNumbers & 15 | high.wholeNumbers &<< 4, at: 4)
            }
            return
        }
        for index in 0..<rows.count / 32 {
            let values = rows.extracting(index &* 32..<index &* 32 &+ 32)
            var block = output._mutatingExtracting(index &* 20..<index &* 20 &+ 20)
            let (least, greatest) = values.range
            let scale = (greatest - least) / 15
            let factor = inverse(scale)
            _ = block.storeHalf(scale, at: 0)
            _ = block.storeHalf(least, at: 2)
            for i in 0..<16 {
                let low = truncatedBits((values[i] - least) * factor + 0.5) & 31
                let high = truncatedBits((values[i &+ 16] - least) * factor + 0.5) & 31
                block[4 &+ i] = UInt8(
                    truncatingIfNeeded: (low < 15 ? low : 15) | (high < 15 ? high : 15) &<< 4)
            }
        }
    }

    static func dequantize(_ blocks: Span<UInt8>, into output: inout MutableSpan<Float>) {
        for index in 0..<check(bytes: blocks.count, numbers: output.count) {
            let block = blocks.extracting(index &* 20..<index &* 20 &+ 20)
            var values = output._mutatingExtracting(index &* 32..<index &* 32 &+ 32)
            let (scale, least) = (block.half(at: 0), block.half(at: 2))
            for i in 0..<16 {
                values[i] = Float(Int32(block[4 &+ i] & 15)) * scale + least
                values[i &+ 16] = Float(Int32(block[4 &+ i] &>> 4)) * scale + least
            }
        }
    }
}
