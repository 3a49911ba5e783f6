import BlockTypes

/// IQ4_NL: 32 numbers of four bits, which choose from sixteen levels, with a scale (ggml-common.h,
/// `block_iq4_nl`): d (binary16), 16 bytes with number i in the lower half of byte i and number 16 + i in the
/// upper one.
enum IQ4NLFormat: BlockFormat {
    static var type: GGMLType { .iq4NL }

    static func quantize(
        _ rows: Span<Float>, rowLength: Int, importance: Span<Float>, into output: inout MutableSpan<UInt8>
    ) {
        check(rows.count, rowLength: rowLength, importance: importance.count, bytes: output.count)
        var room = SearchRoom()
        for start in stride(from: 0, to: rows.count, by: 512) {
            let count = min(16, (rows.count - start) / 32)
            var x = room.values.mutableSpan
            x.transposeBlocks(count) { Lanes(rows, from: start &+ $0) }
            var w = room.weights.mutableSpan
            weigh(x.span, &w, importance, from: start % rowLength, count: count)
            let scales = nonlinearScales(x.span, weights: w.span)
            for lane in 0..<count {
                let index = start / 32 + lane
                var block = output._mutatingExtracting(index * 18..<index * 18 + 18)
                _ = block.storeHalf(scales[lane], at: 0)
                block.storeNearest(
                    rows.extracting(index * 32..<index * 32 + 32), inverse(scales[lane]), at: 2)
            }
        }
    }

    /// Squares; with importances, these times the root of twice the block's mean square and the square.
    @inline(__always)
    private static func weigh(
        _ x: Span<Lanes>, _ weights: inout MutableSpan<Lanes>, _ importance: Span<Float>, from column: Int,
        count: Int
    ) {
        guard !importance.isEmpty else {
            for i in 0..<32 { weights[i] = x[i] * x[i] }
            return
        }
        // Sixteen blocks may be in more rows than one.
        weights.transposeBlocks(count) { Lanes(importance, from: (column &+ $0) % importance.count) }
        let meanSquares = x.sumOfSquares * (2 / 32)
        for i in 0..<32 { weights[i] = weights[i] * (meanSquares + x[i] * x[i]).squareRoot() }
    }

    static func dequantize(_ blocks: Span<UInt8>, into output: inout MutableSpan<Float>) {
        let levels = NonlinearLevels.values
        for index in 0..<check(bytes: blocks.count, numbers: output.count) {
            let block = blocks.extracting(index &* 18..<index &* 18 &+ 18)
            var values = output._mutatingExtracting(index &* 32..<index &* 32 &+ 32)
            let scale = block.half(at: 0)
            for i in 0..<16 {
                values[i] = scale * levels[Int(block[2 &+ i] & 15)]
                values[i &+ 16] = scale * levels[Int(block[2 &+ i] &>> 4)]
            }
        }
    }
}

/// IQ4_XS: eight blocks of 32 numbers as in IQ4_NL, with scales of six bits and one for all of them
/// (ggml-common.h, `block_iq4_xs`): d (binary16), 2 bytes with the upper two bits of the scales, 4 with the
/// lower four, 128 bytes of numbers.
enum IQ4XSFormat: SuperBlockFormat {
    static var type: GGMLType { .iq4XS }

    static var blocksAtOnce: Int { 2 }

    static func quantize(
        _ values: Span<Float>, importance: Span<Float>, columns: (first: Int, last: Int),
        into blocks: inout MutableSpan<UInt8>, _ room: inout SearchRoom
    ) {
        let count = values.count / 256
        let last = (count - 1) * 256
        var x = room.values.mutableSpan
        x.transpose(values, from: (0, last))
        var w = room.weights.mutableSpan
        if importance.isEmpty {
            for i in 0..<32 { w[i] = x[i] * x[i] }
        } else {
            let meanSquare = Lanes(
                sumOfSquares(values.extracting(0..<256)) * (2 / 256),
                sumOfSquares(values.extracting(last..<last + 256)) * (2 / 256))
            w.transpose(importance, from: (columns.first, columns.last))
            for i in 0..<32 { w[i] = w[i] * (meanSquare + x[i] * x[i]).squareRoot() }
        }
        let scales = nonlinearScales(x.span, weights: w.span)
        for index in 0..<count {
            var block = blocks._mutatingExtracting(index * 136..<index * 136 + 136)
            finish(values.extracting(index * 256..<index * 256 + 256), scales, from: index * 8, into: &block)
        }
    }

    /// Rounds scales, and chooses levels for what is left of them.
    /// - Parameter first: the lane of the first sub-block.
    @inline(__always)
    private static func finish(
        _ values: Span<Float>, _ scales: Lanes, from first: Int, into block: inout MutableSpan<UInt8>
    ) {
        var peak: Float = 0
        for lane in first..<first + 8 where abs(scales[lane]) > abs(peak) { peak = scales[lane] }
        let scale = peak * -1 / 32
        _ = block.storeHalf(scale, at: 0)
        let factor = inverse(scale)
        var upper: UInt16 = 0
        var lower: UInt32 = 0
        for sub in 0..<8 {
            let part = max(-32, min(31, nearestInteger(factor * scales[first &+ sub])))
            let bits = UInt32(bitPattern: part &+ 32)
            lower |= (bits & 15) &<< UInt32(sub &* 4)
            upper |= UInt16(truncatingIfNeeded: bits &>> 4) &<< UInt16(sub &* 2)
            block.storeNearest(
                values.extracting(sub &* 32..<sub &* 32 &+ 32), inverse(scale * Float(part)),
                at: 8 &+ sub &* 16)
        }
        block.store(upper, at: 2)
        block.store(lower, at: 4)
    }

    static func dequantize(block: Span<UInt8>, into values: inout MutableSpan<Float>) {
        let levels = NonlinearLevels.values
        let scale = block.half(at: 0)
        let (upper, lower) = (UInt32(block.uint16(at: 2)), block.uint32(at: 4))
        for sub in 0..<8 {
            let bits =
                lower &>> UInt32(sub &* 4) & 15 | (upper &>> UInt32(sub &* 2) & 3) &<< 4
            let subScale = scale * Float(Int32(bitPattern: bits) &- 32)
            for i in 0..<16 {
                let byte = block[8 &+ sub &* 16 &+ i]
                values[sub &* 32 &+ i] = subScale * levels[Int(byte & 15)]
                values[sub &* 32 &+ i &+ 16] = subScale * levels[Int(byte &>> 4)]
            }
        }
    }
}

extension MutableSpan<UInt8> {
    /// Writes the numbers of the nearest levels of 32 numbers in halves of bytes.
    @inline(__always)
    fileprivate mutating func storeNearest(_ values: Span<Float>, _ inverse: Float, at place: Int) {
        let low = NonlinearLevels.codes(Lanes(values, from: 0) * inverse)
        let high = NonlinearLevels.codes(Lanes(values, from: 16) * inverse)
        store(low | high &<< 4, at: place)
    }
}
