import BlockTypes

/// What a search for scales works in, kept from block to block: new memory for each would cost as much as the work.
protocol KernelRoom {
    /// Room of any content.
    init()
}

/// What most searches work in.
struct SearchRoom: KernelRoom {
    /// The numbers, element i of each sub-block in element i.
    var values: Lanes32 = .init(repeating: Lanes())
    /// How much each of them counts.
    var weights: Lanes32 = .init(repeating: Lanes())
    /// What a trial has of each of them.
    var tried: Lanes32 = .init(repeating: Lanes())
}

/// 32 numbers of each of sixteen sub-blocks.
typealias Lanes32 = [32 of Lanes]

/// Super-blocks of 256 numbers in one of the K types: how rows are taken apart into them.
///
/// Types say what becomes of as many as fill the lanes; sizes were checked before.
protocol SuperBlockFormat: BlockFormat {
    /// What a search works in.
    associatedtype Room: KernelRoom = SearchRoom

    /// How many fill the lanes: one of sixteen sub-blocks, two of eight.
    static var blocksAtOnce: Int { get }

    /// Converts super-blocks that follow one another.
    /// - Parameters:
    ///   - values: of ``blocksAtOnce`` super-blocks, or of fewer at the end of all rows.
    ///   - importance: of a row's columns; nothing where none is known.
    ///   - columns: the first column of the first super-block, and that of the last.
    ///   - blocks: exactly `type.blockSize` bytes for each.
    ///   - room: what it holds does not matter.
    static func quantize(
        _ values: Span<Float>, importance: Span<Float>, columns: (first: Int, last: Int),
        into blocks: inout MutableSpan<UInt8>, _ room: inout Room)

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
        var room = Room()
        for start in stride(from: 0, to: rows.count, by: 256 * blocksAtOnce) {
            let end = min(rows.count, start + 256 * blocksAtOnce)
            var blocks = output._mutatingExtracting(start / 256 * size..<end / 256 * size)
            quantize(
                rows.extracting(start..<end), importance: importance,
                columns: (start % rowLength, (end - 256) % rowLength), into: &blocks, &room)
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

/// A super-block's type whose sub-blocks are searched one after the other.
protocol ScalarBlockFormat: SuperBlockFormat {
    /// Converts 256 numbers.
    /// - Parameter importance: of their columns; exactly 256, or none.
    static func quantize(
        block values: Span<Float>, importance: Span<Float>, into block: inout MutableSpan<UInt8>)
}

extension ScalarBlockFormat {
    static var blocksAtOnce: Int { 1 }

    static func quantize(
        _ values: Span<Float>, importance: Span<Float>, columns: (first: Int, last: Int),
        into blocks: inout MutableSpan<UInt8>, _ room: inout SearchRoom
    ) {
        quantize(
            block: values,
            importance: importance.isEmpty
                ? importance : importance.extracting(columns.first..<columns.first + 256), into: &blocks)
    }
}

extension MutableSpan<Lanes> {
    /// Weights of sub-blocks of 16: a column's importance times the root of `sigma` and the number's square.
    @inline(__always)
    mutating func weigh(_ x: Span<Lanes>, by importance: Span<Float>, sigma: Float) {
        precondition(x.count == count)
        transpose(importance)
        for i in x.indices { self[i] = self[i] * (sigma + x[i] * x[i]).squareRoot() }
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
