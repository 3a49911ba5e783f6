/// Q5_0: 32 numbers of five bits with a scale (ggml-common.h, `block_q5_0`): d (binary16), 4 bytes with the
/// fifth bits, 16 bytes with the others as in Q4_0.
enum Q50Format: BlockFormat {
    static var type: GGMLType { .q50 }

    static func quantize(
        _ rows: Span<Float>, rowLength: Int, importance: Span<Float>, into output: inout MutableSpan<UInt8>
    ) {
        check(rows.count, rowLength: rowLength, importance: importance.count, bytes: output.count)
        guard importance.isEmpty else {
            return forEachWeightedLanes(rows, rowLength: rowLength, importance: importance) { lanes in
                let found = scaled(lanes.values, weights: lanes.weights, half: 16)
                for lane in 0..<lanes.count {
                    let start = (lanes.block &+ lane) &* 22
                    var block = output._mutatingExtracting(start..<start &+ 22)
                    _ = block.storeHalf(found.scale[lane], at: 0)
                    block.storeFiveBits(laneLevels(found.levels, lane: lane, plus: 16), at: 2)
                }
            }
        }
        var levels = [32 of UInt8](repeating: 0)
        for index in 0..<rows.count / 32 {
            let values = rows.extracting(index &* 32..<index &* 32 &+ 32)
            var block = output._mutatingExtracting(index &* 22..<index &* 22 &+ 22)
            let scale = values.peak / -16
            let factor = inverse(scale)
            _ = block.storeHalf(scale, at: 0)
            for i in 0..<32 {
                let level = truncatedBits(values[i] * factor + 16.5) & 63
                levels[i] = UInt8(truncatingIfNeeded: level < 31 ? level : 31)
            }
            block.storeFiveBits(levels, at: 2)
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
            return forEachWeightedLanes(rows, rowLength: rowLength, importance: importance) { lanes in
                let found = scaleMin(lanes.values, weights: lanes.weights, .forBlocks(most: 31))
                for lane in 0..<lanes.count {
                    let start = (lanes.block &+ lane) &* 24
                    var block = output._mutatingExtracting(start..<start &+ 24)
                    _ = block.storeHalf(found.scale[lane], at: 0)
                    _ = block.storeHalf(-found.minimum[lane], at: 2)
                    block.storeFiveBits(laneLevels(found.levels, lane: lane, plus: 0), at: 4)
                }
            }
        }
        var levels = [32 of UInt8](repeating: 0)
        for index in 0..<rows.count / 32 {
            let values = rows.extracting(index &* 32..<index &* 32 &+ 32)
            var block = output._mutatingExtracting(index &* 24..<index &* 24 &+ 24)
            let (least, greatest) = values.range
            let scale = (greatest - least) / 31
            let factor = inverse(scale)
            _ = block.storeHalf(scale, at: 0)
            _ = block.storeHalf(least, at: 2)
            for i in 0..<32 {
                levels[i] = UInt8(truncatingIfNeeded: truncatedBits((values[i] - least) * factor + 0.5) & 31)
            }
            block.storeFiveBits(levels, at: 4)
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

extension MutableSpan<UInt8> {
    /// Writes 32 levels of five bits: four bytes of fifth bits, then the others, two a byte.
    @inline(__always)
    fileprivate mutating func storeFiveBits(_ levels: borrowing [32 of UInt8], at place: Int) {
        store(fifthBits(levels), at: place)
        for i in 0..<16 { self[place &+ 4 &+ i] = levels[i] & 15 | levels[i &+ 16] &<< 4 }
    }
}

/// The levels of one lane.
@inline(__always)
private func laneLevels(_ lanes: borrowing Lanes32, lane: Int, plus offset: Int32) -> [32 of UInt8] {
    var levels = [32 of UInt8](repeating: 0)
    for i in 0..<32 { levels[i] = UInt8(truncatingIfNeeded: Int32(lanes[i][lane]) &+ offset) }
    return levels
}
