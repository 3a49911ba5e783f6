import BlockTypes
import CLanes

/// 32-bit floats, little-endian, as they are.
enum F32Format: BlockFormat {
    static var type: GGMLType { .f32 }

    static func quantize(
        _ rows: Span<Float>, rowLength: Int, importance: Span<Float>, into output: inout MutableSpan<UInt8>
    ) {
        output.store(rows) { $0.bitPattern }
    }

    static func dequantize(_ blocks: Span<UInt8>, into output: inout MutableSpan<Float>) {
        blocks.load(into: &output) { Float(bitPattern: $0) }
    }
}

/// IEEE 754 binary16, little-endian.
enum F16Format: BlockFormat {
    static var type: GGMLType { .f16 }

    static func quantize(
        _ rows: Span<Float>, rowLength: Int, importance: Span<Float>, into output: inout MutableSpan<UInt8>
    ) {
        output.store(rows) { HalfPrecision.float16($0) }
    }

    static func dequantize(_ blocks: Span<UInt8>, into output: inout MutableSpan<Float>) {
        precondition(blocks.count == output.count * 2)
        let whole = output.count / Lanes.count * Lanes.count
        // SAFETY: whole sixteens of numbers are within what both spans lend, of two bytes and of four each.
        unsafe blocks.withUnsafeBytes { bytes in
            unsafe output.withUnsafeMutableBytes { floats in
                for index in stride(from: 0, to: whole, by: Lanes.count) {
                    let halves = unsafe bytes.loadUnaligned(
                        fromByteOffset: index &* 2, as: lanes_words.self)
                    unsafe floats.storeBytes(
                        of: lanes_of_halves(halves), toByteOffset: index &* 4, as: lanes_floats.self)
                }
            }
        }
        for index in whole..<output.count {
            output[index] = blocks.half(at: index &* 2)
        }
    }
}

/// The upper halves of 32-bit floats, little-endian.
enum BF16Format: BlockFormat {
    static var type: GGMLType { .bf16 }

    static func quantize(
        _ rows: Span<Float>, rowLength: Int, importance: Span<Float>, into output: inout MutableSpan<UInt8>
    ) {
        output.store(rows) { HalfPrecision.bfloat16($0) }
    }

    static func dequantize(_ blocks: Span<UInt8>, into output: inout MutableSpan<Float>) {
        blocks.load(into: &output) { HalfPrecision.float(bfloat16: $0) }
    }
}

/// 64-bit floats, little-endian; read to the nearest 32-bit float.
enum F64Format: BlockFormat {
    static var type: GGMLType { .f64 }

    static func quantize(
        _ rows: Span<Float>, rowLength: Int, importance: Span<Float>, into output: inout MutableSpan<UInt8>
    ) {
        output.store(rows) { Double($0).bitPattern }
    }

    static func dequantize(_ blocks: Span<UInt8>, into output: inout MutableSpan<Float>) {
        blocks.load(into: &output) { Float(Double(bitPattern: $0)) }
    }
}

extension Span<UInt8> {
    /// Reads whole numbers, little-endian and wherever they are stored, one for each float: byte by byte as a span
    /// gives them, that would cost a check each.
    @inline(__always)
    fileprivate func load<Word: FixedWidthInteger & BitwiseCopyable>(
        into output: inout MutableSpan<Float>, _ value: (Word) -> Float
    ) {
        let size = MemoryLayout<Word>.size
        precondition(count == output.count * size)
        // SAFETY: index * size + size is at most the number of bytes that the span lends.
        unsafe withUnsafeBytes { bytes in
            for index in output.indices {
                let word = unsafe bytes.loadUnaligned(fromByteOffset: index &* size, as: Word.self)
                output[index] = value(Word(littleEndian: word))
            }
        }
    }
}

extension MutableSpan<UInt8> {
    /// Writes a whole number for each float, little-endian and wherever they are stored.
    @inline(__always)
    fileprivate mutating func store<Word: FixedWidthInteger & BitwiseCopyable>(
        _ values: Span<Float>, _ word: (Float) -> Word
    ) {
        let size = MemoryLayout<Word>.size
        precondition(count == values.count * size)
        // SAFETY: index * size + size is at most the number of bytes that the span lends for writing.
        unsafe withUnsafeMutableBytes { bytes in
            for index in values.indices {
                unsafe bytes.storeBytes(
                    of: word(values[index]).littleEndian, toByteOffset: index &* size, as: Word.self)
            }
        }
    }
}
