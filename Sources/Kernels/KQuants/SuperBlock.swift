import BlockTypes

/// A super-block of 256 numbers in one of the K types: how rows are taken apart into them.
///
/// Types say what one of them becomes; sizes were checked before.
protocol SuperBlockFormat: BlockFormat {
    /// Converts 256 numbers.
    /// - Parameters:
    ///   - values: exactly 256.
    ///   - importance: of the columns; exactly 256, or none.
    ///   - block: exactly `type.blockSize` bytes.
    ///   - room: 32 lanes to work in, as the others; what they hold does not matter.
    static func quantize(
        block values: Span<Float>, importance: Span<Float>, into block: inout MutableSpan<UInt8>,
        values room: inout [Lanes], weights: inout [Lanes], levels: inout [Lanes], tried: inout [Lanes])

    /// Converts one block back to exactly 256 numbers.
    static func dequantize(block: Span<UInt8>, into values: inout MutableSpan<Float>)
}

extension SuperBlockFormat {
    static func quantize(
        _ rows: Span<Float>, rowLength: Int, importance: Span<Float>, into output: inout MutableSpan<UInt8>
    ) {
        let size = type.blockSize
        precondition(rowLength > 0 && rowLength % 256 == 0 && rows.count % rowLength == 0)
        precondition(output.count == rows.count / 256 * size)
        precondition(importance.isEmpty || importance.count == rowLength)
        let blocksInRow = rowLength / 256
        // Made once for many blocks: new memory for each would cost as much as the work.
        var values = [Lanes](repeating: Lanes(), count: 32)
        var (weights, levels, tried) = (values, values, values)
        for index in 0..<rows.count / 256 {
            let column = index % blocksInRow * 256
            var block = output._mutatingExtracting(index * size..<(index + 1) * size)
            quantize(
                block: rows.extracting(index * 256..<(index + 1) * 256),
                importance: importance.isEmpty ? importance : importance.extracting(column..<column + 256),
                into: &block, values: &values, weights: &weights, levels: &levels, tried: &tried)
        }
    }

    static func dequantize(_ blocks: Span<UInt8>, into output: inout MutableSpan<Float>) {
        let size = type.blockSize
        precondition(blocks.count % size == 0 && output.count == blocks.count / size * 256)
        for index in 0..<blocks.count / size {
            var values = output._mutatingExtracting(index * 256..<(index + 1) * 256)
            dequantize(block: blocks.extracting(index * size..<(index + 1) * size), into: &values)
        }
    }
}

/// A super-block's type that needs no room in lanes beside its own.
protocol ScalarBlockFormat: SuperBlockFormat {
    /// Converts 256 numbers, as ``SuperBlockFormat`` states, without room in lanes.
    static func quantize(
        block values: Span<Float>, importance: Span<Float>, into block: inout MutableSpan<UInt8>)
}

extension ScalarBlockFormat {
    static func quantize(
        block values: Span<Float>, importance: Span<Float>, into block: inout MutableSpan<UInt8>,
        values room: inout [Lanes], weights: inout [Lanes], levels: inout [Lanes], tried: inout [Lanes]
    ) {
        quantize(block: values, importance: importance, into: &block)
    }
}

/// The sum of the squares of a super-block, one after the other.
@inline(__always)
func sumOfSquares(_ values: Span<Float>) -> Float {
    var sum: Float = 0
    for index in values.indices { sum += values[index] * values[index] }
    return sum
}

extension MutableSpan<UInt8> {
    /// Writes a number as binary16.
    @inline(__always)
    mutating func storeHalf(_ value: Float, at place: Int) -> Float {
        let half = HalfPrecision.float16(value)
        self[place] = UInt8(truncatingIfNeeded: half)
        self[place + 1] = UInt8(truncatingIfNeeded: half >> 8)
        return HalfPrecision.float(float16: half)
    }
}

extension Span<UInt8> {
    /// Reads a binary16.
    @inline(__always)
    package func half(at place: Int) -> Float {
        HalfPrecision.float(float16: UInt16(self[place]) | UInt16(self[place + 1]) << 8)
    }
}
