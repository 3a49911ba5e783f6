import Formats
import Tensors

/// compressed-tensors' whole numbers of a few bits, several in a word of 32: less a zero and then multiplied with a
/// scale, both of which a group of columns shares (base.py of the converter, `dequant_packed`).
///
/// Words are packed along rows, and zeros along columns; what does not fill a word is left over.
struct PackedTensor: DequantizedTensor {
    private let words: StoredPart
    private let scale: StoredPart
    private let zeros: StoredPart?
    private let columns: Int
    private let bits: Int
    private let group: Int

    var sources: [Int] { [words.index, scale.index] + (zeros.map { [$0.index] } ?? []) }
    var tileLength: Int { 1 }
    private var perWord: Int { 32 / bits }
    private var groups: Int { columns / group }

    /// Puts a tensor together.
    /// - Parameter shape: what was saved beside, two numbers.
    init(
        _ words: StoredPart, scale: StoredPart, zeros: StoredPart?, shape: [Int], bits: Int, group: Int
    ) throws(ConversionError) {
        try words.check([.i32])
        try scale.checkReal()
        try zeros?.check([.i32])
        guard words.shape.count == 2, shape.count == 2, shape[0] > 0, shape[1] > 0,
            words.shape[0] == shape[0], words.shape[1] <= Int.max / 32,
            shape[1] <= words.shape[1] * (32 / bits), shape[1].isMultiple(of: group)
        else {
            throw words.wrongShape(
                "which does not hold \(shape) numbers of \(bits) bits in groups of \(group)")
        }
        let groups = shape[1] / group
        guard scale.shape == [shape[0], groups] else {
            throw scale.wrongShape("not \([shape[0], groups])")
        }
        if let zeros {
            let (rows, rest) = shape[0].quotientAndRemainder(dividingBy: 32 / bits)
            guard zeros.shape.count == 2, zeros.shape[0] >= rows + (rest > 0 ? 1 : 0),
                zeros.shape[1] == groups
            else { throw zeros.wrongShape("which does not fit \(shape[0]) rows of \(groups) groups") }
        }
        (self.words, self.scale, self.zeros) = (words, scale, zeros)
        (columns, self.bits, self.group) = (shape[1], bits, group)
    }

    func compute(
        _ elements: Range<Int>, of stored: some StoredTensors, into floats: inout MutableSpan<Float>
    ) throws {
        if elements.isEmpty { return }
        let first = elements.lowerBound / columns
        let last = (elements.upperBound - 1) / columns
        // All that the rows from the first to the last have, but of a single row only what is wanted.
        var (start, end) = (0, columns)
        if first == last {
            start = elements.lowerBound % columns / group * group
            end = min(columns, ((elements.upperBound - 1) % columns / group + 1) * group)
        }
        let width = words.shape[1]
        let wordStart = first * width + start / perWord
        let packed = try stored.bytes(wordStart..<last * width + (end - 1) / perWord + 1, of: words)
        let scaleStart = first * groups + start / group
        let scales = try stored.floats(scaleStart..<last * groups + (end - 1) / group + 1, of: scale)
        var offsets: [UInt8] = []
        let zeroStart = first / perWord * groups
        if let zeros {
            offsets = try stored.bytes(zeroStart..<(last / perWord + 1) * groups, of: zeros)
        }
        let mask: UInt32 = 1 << UInt32(bits) - 1
        let (packedSpan, scaleSpan, offsetSpan) = (packed.span, scales.span, offsets.span)
        let (hasZeros, perWord, bits, group, columns) = (zeros != nil, perWord, bits, group, columns)
        var place = elements.lowerBound
        while place < elements.upperBound {
            let (row, column) = (place / columns, place % columns)
            let number = column / group
            let count = min((number + 1) * group - column, elements.upperBound - place)
            let scale = scaleSpan[row * groups + number - scaleStart]
            var zero = Int32(1) << Int32(bits - 1)
            if hasZeros {
                let word = Self.word(offsetSpan, row / perWord * groups + number - zeroStart)
                zero = Int32(truncatingIfNeeded: word >> UInt32(row % perWord * bits) & mask)
            }
            let target = place - elements.lowerBound
            var (index, shift) = (row * width + column / perWord - wordStart, column % perWord)
            var word = Self.word(packedSpan, index)
            for offset in 0..<count {
                if shift == perWord {
                    (index, shift) = (index + 1, 0)
                    word = Self.word(packedSpan, index)
                }
                let code = word >> UInt32(truncatingIfNeeded: shift &* bits) & mask
                floats[target + offset] = Float(Int32(truncatingIfNeeded: code) &- zero) * scale
                shift += 1
            }
            place += count
        }
    }

    @inline(__always)
    private static func word(_ bytes: Span<UInt8>, _ index: Int) -> UInt32 {
        let four = bytes.extracting(index * 4..<index * 4 + 4)
        return UInt32(four[0]) | UInt32(four[1]) << 8 | UInt32(four[2]) << 16 | UInt32(four[3]) << 24
    }
}
