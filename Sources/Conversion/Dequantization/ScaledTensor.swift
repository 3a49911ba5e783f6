import Formats
import Tensors

/// Numbers of few bits that are multiplied with a scale, which many of them share: all, a row, or a block.
///
/// Both are taken as 32-bit floats, and their product is rounded to one (base.py of the converter,
/// `dequant_simple`).
struct ScaledTensor: DequantizedTensor {
    private let weight: StoredPart
    private let scale: StoredPart
    /// For each dimension but the last, from the outermost: its length, how many places share a scale, and how far
    /// apart their scales are stored.
    private let outer: [Dimension]
    private let row: Dimension

    private struct Dimension: Hashable, Sendable {
        let length: Int
        let shared: Int
        let stride: Int
    }

    var sources: [Int] { [weight.index, scale.index] }
    var tileLength: Int { 1 }

    /// Pairs a tensor with its scales.
    /// - Parameter block: how many places along the last dimensions share a scale; empty where scales have as many
    ///   places as the weight or one.
    init(_ weight: StoredPart, scale: StoredPart, block: [Int]) throws(ConversionError) {
        try weight.checkReal()
        try scale.checkReal()
        let shape = weight.shape
        var scales = scale.shape
        if block.isEmpty {
            // A scale for each row stands for all of its columns.
            while scales.count < shape.count { scales.append(1) }
        }
        let blocks = [Int](repeating: 1, count: max(0, shape.count - block.count)) + block
        guard scales.count == shape.count, blocks.count == shape.count else {
            throw scale.wrongShape("which does not fit the shape \(shape) of its weight")
        }
        var dimensions: [Dimension] = []
        var stride = 1
        for axis in shape.indices.reversed() {
            let (length, count, size) = (shape[axis], scales[axis], blocks[axis])
            // Blocks may reach past the end, and there may be more than are needed.
            let (reach, overflow) = count.multipliedReportingOverflow(by: size)
            let covered = overflow ? length : min(reach, length)
            guard covered == length || covered == 1, covered > 0 else {
                throw scale.wrongShape("which does not fit the shape \(shape) of its weight")
            }
            dimensions.append(
                Dimension(
                    length: length, shared: covered == length ? size : Int.max, stride: stride))
            stride = stride &* count
        }
        row = dimensions.first ?? Dimension(length: 1, shared: Int.max, stride: 1)
        outer = dimensions.dropFirst().reversed()
        self.weight = weight
        self.scale = scale
    }

    func compute(
        _ elements: Range<Int>, of stored: some StoredTensors, into floats: inout MutableSpan<Float>
    ) throws {
        let bytes = try stored.bytes(elements, of: weight)
        weight.dtype.floats(from: bytes.span, into: &floats)
        var loaded = (range: 0..<0, scales: [Float]())
        var place = elements.lowerBound
        while place < elements.upperBound {
            let column = place % row.length
            let count = min(row.length - column, elements.upperBound - place)
            let wanted = scales(place / row.length, column..<column + count)
            if wanted.lowerBound < loaded.range.lowerBound || wanted.upperBound > loaded.range.upperBound {
                // The next rows' scales follow, mostly.
                let last = scales((elements.upperBound - 1) / row.length, 0..<row.length)
                let end = last.upperBound - wanted.lowerBound <= 1 << 15 ? last.upperBound : 0
                let range = wanted.lowerBound..<max(wanted.upperBound, end)
                loaded = (range, try stored.floats(range, of: scale))
            }
            let start = place - elements.lowerBound
            var part = floats._mutatingExtracting(start..<start + count)
            let scales = loaded.scales.span
            multiply(
                &part, from: column,
                by: scales.extracting(
                    wanted.lowerBound - loaded.range.lowerBound..<wanted.upperBound - loaded.range.lowerBound)
            )
            place += count
        }
    }

    /// The scales of some columns of a row: from the first's to the last's.
    private func scales(_ number: Int, _ columns: Range<Int>) -> Range<Int> {
        var rest = number
        var offset = 0
        for dimension in outer.reversed() {
            offset += rest % dimension.length / dimension.shared * dimension.stride
            rest /= dimension.length
        }
        return offset + columns.lowerBound / row.shared..<offset + (columns.upperBound - 1) / row.shared + 1
    }

    private func multiply(_ numbers: inout MutableSpan<Float>, from column: Int, by scales: Span<Float>) {
        let first = column / row.shared
        if row.shared == 1 {
            for index in numbers.indices { numbers[index] *= scales[index] }
            return
        }
        for index in scales.indices {
            let scale = scales[index]
            let start = max(0, row.shared == Int.max ? 0 : (first + index) * row.shared - column)
            let end = row.shared == Int.max ? numbers.count : (first + index + 1) * row.shared - column
            for place in start..<min(end, numbers.count) { numbers[place] *= scale }
        }
    }
}
