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
            forEachBlockLanes(rows, rowLength: rowLength, importance: importance) {
                lanes, x, w, levels, tried in
                let scales = scaled(x, weights: w, count: 32, half: 16, levels: &levels, room: &tried)
                output.storeHalves(scales, lanes, size: 22, at: 0)
                output.store(levels.span, plus: 16, lanes, size: 22, at: 6, fifthBitsAt: 2)
            }
            return
        }
        for index in 0..<rows.count / 32 {
            let values = rows.extracting(index &* 32..<index &* 32 &+ 32)
            var block = output._mutatingExtracting(index &* 22..<index &* 22 &+ 22)
            let scale = values.peak / -16
            let factor = inverse(scale)
            _ = block.storeHalf(scale, at: 0)
            block.storeFiveBits(at: 2) { start in
                let levels = truncatedBits(eight(values, from: start) * factor + 16.5) & 63
                // From 0 to 32, which becomes 31.
                return levels &- (levels &>> 5)
            }
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
            forEachBlockLanes(rows, rowLength: rowLength, importance: importance) {
                lanes, x, w, levels, tried in
                let found = scaleMin(
                    x, weights: w, count: 32, .weighted(most: 31), levels: &levels, tried: &tried)
                output.storeHalves(found.scale, lanes, size: 24, at: 0)
                output.storeHalves(found.minimum * -1, lanes, size: 24, at: 2)
                output.store(levels.span, plus: 0, lanes, size: 24, at: 8, fifthBitsAt: 4)
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
            block.storeFiveBits(at: 4) { start in
                truncatedBits((eight(values, from: start) - least) * factor + 0.5) & 31
            }
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
    /// - Parameter levels: eight levels from a place on.
    @inline(__always)
    fileprivate mutating func storeFiveBits(at place: Int, _ levels: (Int) -> SIMD8<UInt32>) {
        for half in 0..<2 {
            let low = levels(half &* 8)
            let high = levels(half &* 8 &+ 16)
            let powers: SIMD8<UInt32> = [1, 2, 4, 8, 16, 32, 64, 128]
            self[place &+ half] = UInt8(truncatingIfNeeded: ((low &>> 4) &* powers).wrappedSum())
            self[place &+ half &+ 2] = UInt8(truncatingIfNeeded: ((high &>> 4) &* powers).wrappedSum())
            let bytes = SIMD8<UInt8>(truncatingIfNeeded: (low & 15) | (high & 15) &<< 4)
            for lane in 0..<8 { self[place &+ 4 &+ half &* 8 &+ lane] = bytes[lane] }
        }
    }
}
