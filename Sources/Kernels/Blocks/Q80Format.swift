import BlockTypes

/// Q8_0: 32 numbers of eight bits with a scale (ggml-common.h, `block_q8_0`): d (binary16), 32 signed bytes.
enum Q80Format: BlockFormat {
    static var type: GGMLType { .q80 }

    static func quantize(
        _ rows: Span<Float>, rowLength: Int, importance: Span<Float>, into output: inout MutableSpan<UInt8>
    ) {
        check(rows.count, rowLength: rowLength, importance: importance.count, bytes: output.count)
        for index in 0..<rows.count / 32 {
            let values = rows.extracting(index &* 32..<index &* 32 &+ 32)
            var block = output._mutatingExtracting(index &* 34..<index &* 34 &+ 34)
            let scale = values.largestMagnitude / 127
            let factor = inverse(scale)
            _ = block.storeHalf(scale, at: 0)
            for i in 0..<32 { block[2 &+ i] = UInt8(truncatingIfNeeded: roundedBits(values[i] * factor)) }
        }
    }

    static func dequantize(_ blocks: Span<UInt8>, into output: inout MutableSpan<Float>) {
        for index in 0..<check(bytes: blocks.count, numbers: output.count) {
            let block = blocks.extracting(index &* 34..<index &* 34 &+ 34)
            var values = output._mutatingExtracting(index &* 32..<index &* 32 &+ 32)
            let scale = block.half(at: 0)
            for i in 0..<32 { values[i] = Float(Int8(bitPattern: block[2 &+ i])) * scale }
        }
    }
}
