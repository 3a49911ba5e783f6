import BlockTypes

/// TQ2_0: 256 numbers that are -1, 0 or 1 scale, in two bits (ggml-common.h, `block_tq2_0`): 64 bytes, in each
/// half of which byte i holds numbers i, 32 + i, 64 + i and 96 + i, then d (binary16).
enum TQ20Format: BlockFormat {
    static var type: GGMLType { .tq20 }

    static func quantize(
        _ rows: Span<Float>, rowLength: Int, importance: Span<Float>, into output: inout MutableSpan<UInt8>
    ) {
        check(rows.count, rowLength: rowLength, importance: importance.count, bytes: output.count)
        for index in 0..<rows.count / 256 {
            let values = rows.extracting(index &* 256..<index &* 256 &+ 256)
            var block = output._mutatingExtracting(index &* 66..<index &* 66 &+ 66)
            let scale = values.largestMagnitude
            let factor = inverse(scale)
            _ = block.storeHalf(scale, at: 64)
            for half in 0..<2 {
                for i in 0..<32 {
                    var bits: UInt32 = 0
                    for part in 0..<4 {
                        let value = values[half &* 128 &+ part &* 32 &+ i]
                        bits |= trit(value * factor) &<< UInt32(truncatingIfNeeded: part &* 2)
                    }
                    block[half &* 32 &+ i] = UInt8(truncatingIfNeeded: bits)
                }
            }
        }
    }

    static func dequantize(_ blocks: Span<UInt8>, into output: inout MutableSpan<Float>) {
        for index in 0..<check(bytes: blocks.count, numbers: output.count) {
            let block = blocks.extracting(index &* 66..<index &* 66 &+ 66)
            var values = output._mutatingExtracting(index &* 256..<index &* 256 &+ 256)
            let scale = block.half(at: 64)
            for half in 0..<2 {
                for part in 0..<4 {
                    for i in 0..<32 {
                        let bits = block[half &* 32 &+ i] &>> UInt8(truncatingIfNeeded: part &* 2) & 3
                        values[half &* 128 &+ part &* 32 &+ i] = Float(Int32(bits) &- 1) * scale
                    }
                }
            }
        }
    }
}

/// TQ1_0: 256 numbers that are -1, 0 or 1 scale, five in a byte (ggml-common.h, `block_tq1_0`): 32 bytes with
/// numbers i, 32 + i … 128 + i in byte i, 16 bytes with 160 + i, 176 + i … 224 + i, 4 bytes with 240 + i,
/// 244 + i … 252 + i, then d (binary16).
///
/// A byte is a fraction: its digits to the base 3 come out one after the other as it is multiplied by 3.
enum TQ10Format: BlockFormat {
    static var type: GGMLType { .tq10 }

    static func quantize(
        _ rows: Span<Float>, rowLength: Int, importance: Span<Float>, into output: inout MutableSpan<UInt8>
    ) {
        check(rows.count, rowLength: rowLength, importance: importance.count, bytes: output.count)
        for index in 0..<rows.count / 256 {
            let values = rows.extracting(index &* 256..<index &* 256 &+ 256)
            var block = output._mutatingExtracting(index &* 54..<index &* 54 &+ 54)
            let scale = values.largestMagnitude
            let factor = inverse(scale)
            _ = block.storeHalf(scale, at: 52)
            for i in 0..<32 { block[i] = fraction(values, from: i, step: 32, digits: 5, factor) }
            for i in 0..<16 { block[32 &+ i] = fraction(values, from: 160 &+ i, step: 16, digits: 5, factor) }
            for i in 0..<4 { block[48 &+ i] = fraction(values, from: 240 &+ i, step: 4, digits: 4, factor) }
        }
    }

    /// Digits to the base 3 as a fraction of 256, rounded up so that it begins with the same ones.
    @inline(__always)
    private static func fraction(
        _ values: Span<Float>, from start: Int, step: Int, digits: Int, _ factor: Float
    ) -> UInt8 {
        var number: UInt32 = 0
        for digit in 0..<digits { number = number &* 3 &+ trit(values[start &+ digit &* step] * factor) }
        if digits == 4 { number = number &* 3 }
        return UInt8(truncatingIfNeeded: (number &* 256 &+ 242) / 243)
    }

    static func dequantize(_ blocks: Span<UInt8>, into output: inout MutableSpan<Float>) {
        for index in 0..<check(bytes: blocks.count, numbers: output.count) {
            let block = blocks.extracting(index &* 54..<index &* 54 &+ 54)
            var values = output._mutatingExtracting(index &* 256..<index &* 256 &+ 256)
            let scale = block.half(at: 52)
            var power: UInt8 = 1
            for digit in 0..<5 {
                for i in 0..<32 { values[digit &* 32 &+ i] = number(block[i], power) * scale }
                for i in 0..<16 { values[160 &+ digit &* 16 &+ i] = number(block[32 &+ i], power) * scale }
                if digit < 4 {
                    for i in 0..<4 { values[240 &+ digit &* 4 &+ i] = number(block[48 &+ i], power) * scale }
                }
                power = power &* 3
            }
        }
    }

    /// The digit that a power of 3 brings to the front, minus 1.
    @inline(__always)
    private static func number(_ fraction: UInt8, _ power: UInt8) -> Float {
        Float(Int32((UInt16(fraction &* power) &* 3) &>> 8) &- 1)
    }
}

/// A number from -1 to 1, rounded, plus 1; 1 for what is no number.
@inline(__always)
private func trit(_ value: Float) -> UInt32 { (roundedBits(value) &+ 1) & 3 }
