/// 32-bit floats, little-endian, as they are.
enum F32Format: BlockFormat {
    static var type: GGMLType { .f32 }

    static func quantize(
        _ rows: Span<Float>, rowLength: Int, importance: Span<Float>, into output: inout MutableSpan<UInt8>
    ) {
        precondition(output.count == rows.count * 4)
        for index in rows.indices {
            let bits = rows[index].bitPattern
            for byte in 0..<4 {
                output[index &* 4 &+ byte] = UInt8(truncatingIfNeeded: bits >> UInt32(byte &* 8))
            }
        }
    }

    static func dequantize(_ blocks: Span<UInt8>, into output: inout MutableSpan<Float>) {
        precondition(blocks.count == output.count * 4)
        for index in output.indices {
            output[index] = Float(
                bitPattern: UInt32(blocks[index &* 4]) | UInt32(blocks[index &* 4 &+ 1]) << 8
                    | UInt32(blocks[index &* 4 &+ 2]) << 16 | UInt32(blocks[index &* 4 &+ 3]) << 24)
        }
    }
}
