import BlockTypes

/// Q5_0: 32 numbers of five bits with a scale (ggml-common.h, `block_q5_0`): d (binary16), 4 bytes with the
/// fifth bits, 16 bytes with the others as in Q4_0.
enum Q50Format: BlockFormat {
    static var type: GGMLType { .q50 }

    static func quantize(
        _ rows: Span<Float>, rowLength: Int, importance: Span<Float>, into output: inout MutableSpan<UInt8>
    ) {
        check(rows.count, rowLength: rowLength, importance: importance.count, bytes: output.count)
        guard importance.isEmpty else {
            forEachBlock(rows, rowLength: rowLength, importance: importance) { x, w, room in
                scaled(x, weights: w, count: 32, half: 16, room: &room)
            } write: { index, values, found, lane in
                var block = output._mutatingExtracting(index * 22..<(index + 1) * 22)
                _ = block.storeHalf(found.scale[lane], at: 0)
                let low = found.levels(Lanes(values, from: 0), lane: lane, half: 16) + 16
                let high = found.levels(Lanes(values, from: 16), lane: lane, half: 16) + 16
                block.storeFiveBits(low.wholeNumbers, high.wholeNumbers, at: 2)
            }
            return
        }
        for index in 0..<rows.count / 32 {
            let values = rows.extracting(index &* 32..<index &* 32 &+ 32)
            var block = output._mutatingExtracting(index &* 22..<index &* 22 &+ 22)
            let scale = values.peak / -16
            let factor = inverse(scale)
            _ = block.storeHalf(scale, at: 0)
            let low = truncatedBits(Lanes(values, from: 0) * factor + 16.5) & 63
            let high = truncatedBits(Lanes(values, from: 16) * factor + 16.5) & 63
            // From 0 to 32, which becomes 31.
            block.storeFiveBits(low &- (low &>> 5), high &- (high &>> 5), at: 2)
        }
    }

    static func dequantize(_ blocks: Span<UInt8>, into output: inout MutableSpan<Float>) {
        for index in 0..<check(bytes: blocks.count, numbers: output.count) {
            let block = blocks.extracting(index &* 22..<index &* 22 &+ 22)
            var values = output._mutatingExtracting(index &* 32..<index &* 32 &+ 32)
            let scale = block.half(at: 0)
            let fifth = block.uint32(at: 2)
            for i in 0..<16 {
                let place = UInt32(truncatingIfNeeded: i)
                let low = UInt32(block[6 &+ i] & 15) | (fifth &>> place & 1) &<< 4
                let high = UInt32(block[6 &+ i] &>> 4) | (fifth &>> (place &+ 16) & 1) &<< 4
                values[i] = Float(Int32(bitPattern: low) &- 16) * scale
                values[i &+ 16] = Float(Int32(bitPattern: high) &- 16) * scale
            }
        }
    }
}

/// Q5_1: 32 numbers of five bits with a scale and a minimum (ggml-common.h, `block_q5_1`): d, m (binary16),
/// then as in Q5_0.
enum Q51Format: BlockFormat {
    static var type: GGMLType { .q51 }

    static func quantize(
        _ rows: Span<Float>, rowLength: Int, importance: Span<Float>, into output: inout MutableSpan<UInt8>
    ) {
        check(rows.count, rowLength: rowLength, importance: importance.count, bytes: output.count)
        guard importance.isEmpty else {
            forEachBlock(rows, rowLength: rowLength, importance: importance) { x, w, room in
                scaleMin(x, weights: w, count: 32, .weighted(most: 31), tried: &room)
            } write: { index, values, found, lane in
                var block = output._mutatingExtracting(index * 24..<(index + 1) * 24)
                _ = block.storeHalf(found.scale[lane], at: 0)
                _ = block.storeHalf(found.minimum[lane] * -1, at: 2)
                let low = found.levels(Lanes(values, from: 0), lane: lane, most: 31)
                let high = found.levels(Lanes(values, from: 16), lane: lane, most: 31)
                block.storeFiveBits(low.wholeNumbers, high.wholeNumbers, at: 4)
            }
            return
        }
        for index in 0..<rows.count / 32 {
            let values = rows.extracting(index &* 32..<index &* 32 &+ 32)
            var block = output._mutatingExtracting(index &* 24..<index &* 24 &+ 24)
            let (least, greatest) = values.range
            let scale = (greatest - least) / 31
            let factor = inverse(scale)
            _ = block.storeHalf(scale, at: 0)
            _ = block.storeHalf(least, at: 2)
            let low = truncatedBits((Lanes(values, from: 0) - least) * factor + 0.5) & 31
            let high = truncatedBits((Lanes(values, from: 16) - least) * factor + 0.5) & 31
            block.storeFiveBits(low, high, at: 4)
        }
    }

    static func dequantize(_ blocks: Span<UInt8>, into output: inout MutableSpan<Float>) {
        for index in 0..<check(bytes: blocks.count, numbers: output.count) {
            let block = blocks.extracting(index &* 24..<index &* 24 &+ 24)
            var values = output._mutatingExtracting(index &* 32..<index &* 32 &+ 32)
            let (scale, least) = (block.half(at: 0), block.half(at: 2))
            let fifth = block.uint32(at: 4)
            for i in 0..<16 {
                let place = UInt32(truncatingIfNeeded: i)
                let low = UInt32(block[8 &+ i] & 15) | (fifth &>> place & 1) &<< 4
                let high = UInt32(block[8 &+ i] &>> 4) | (fifth &>> (place &+ 16) & 1) &<< 4
                values[i] = Float(low) * scale + least
                values[i &+ 16] = Float(high) * scale + least
            }
        }
    }
}
