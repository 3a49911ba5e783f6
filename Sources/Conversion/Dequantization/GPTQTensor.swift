import Formats
import Tensors

/// GPTQ's whole numbers of a few bits, several in a word: less a zero and then multiplied with a scale, both of which
/// a group of inputs shares. `g_idx` states which input is in which group (base.py of the converter, `dequant_gptq`).
///
/// A row of the stored matrix is of an input, and a row of the result of an output, so that several rows of the
/// result are computed at once: else each would need words from all over the file.
struct GPTQTensor: DequantizedTensor {
    private let words: StoredPart
    private let zeros: StoredPart
    private let scales: StoredPart
    private let indices: StoredPart
    private let bits: Int
    private let zeroOffset: Int32
    private let inputs: Int
    private let outputs: Int

    var sources: [Int] { [words.index, zeros.index, scales.index, indices.index] }
    private var perWord: Int { words.dtype.bitsPerElement / bits }
    private var tileRows: Int { max(1, min(64, (1 << 20) / inputs)) }
    var tileLength: Int { tileRows * inputs }
    /// The result's: a row for each output.
    var shape: [Int] { [outputs, inputs] }

    /// The most inputs that a matrix may have.
    private static let inputLimit = 1 << 24

    /// Takes the four tensors of one matrix.
    /// - Throws: ``ConversionError`` where their types or shapes do not belong together.
    init(
        _ words: StoredPart, zeros: StoredPart, scales: StoredPart, indices: StoredPart, bits: Int,
        zeroOffset: Int
    ) throws(ConversionError) {
        try words.check([.i32, .i64, .i16, .i8, .u8])
        try zeros.check([words.dtype])
        try scales.checkReal()
        try indices.check([.i32, .i64])
        let perWord = words.dtype.bitsPerElement / bits
        guard words.shape.count == 2, words.shape[0] > 0, words.shape[1] > 0,
            words.shape[0] <= Self.inputLimit / perWord
        else { throw words.wrongShape("which is not a matrix of numbers of \(bits) bits") }
        inputs = words.shape[0] * perWord
        outputs = words.shape[1]
        guard scales.shape.count == 2, scales.shape[0] > 0, scales.shape[1] == outputs else {
            throw scales.wrongShape("which does not fit \(outputs) outputs")
        }
        guard zeros.shape.count == 2, zeros.shape[0] == scales.shape[0],
            zeros.shape[1] <= Self.inputLimit, zeros.shape[1] * perWord == outputs
        else {
            throw zeros.wrongShape("which does not fit \(scales.shape[0]) groups of \(outputs) outputs")
        }
        guard indices.shape == [inputs] else { throw indices.wrongShape("not \([inputs])") }
        (self.words, self.zeros, self.scales, self.indices) = (words, zeros, scales, indices)
        (self.bits, self.zeroOffset) = (bits, Int32(zeroOffset))
    }

    func compute(
        _ elements: Range<Int>, of stored: some StoredTensors, into floats: inout MutableSpan<Float>
    ) throws {
        var row = elements.lowerBound / inputs
        let end = (elements.upperBound + inputs - 1) / inputs
        let groups = try groups(stored)
        while row < end {
            let rows = row..<min(row + tileRows, end)
            let start = rows.lowerBound * inputs - elements.lowerBound
            var part = floats._mutatingExtracting(start..<start + rows.count * inputs)
            try compute(rows, groups.span, stored, &part)
            row = rows.upperBound
        }
    }

    /// The group of each input.
    private func groups(_ stored: some StoredTensors) throws -> [Int] {
        let count = scales.shape[0]
        return try stored.integers(0..<inputs, of: indices).map { index in
            // Counted from the end where negative, as torch does.
            let group = index < 0 ? index &+ count : index
            guard group >= 0, group < count else {
                throw ConversionError(
                    .quantizationValue,
                    "tensor \"\(indices.name)\" names a group \(index) of \(count)",
                    fix: "download the file again")
            }
            return group
        }
    }

    private func compute(
        _ rows: Range<Int>, _ groups: Span<Int>, _ stored: some StoredTensors,
        _ floats: inout MutableSpan<Float>
    ) throws {
        let (width, size, perWord) = (rows.count, words.elementSize, perWord)
        var packed = [UInt8](repeating: 0, count: words.shape[0] * width * size)
        try read(words, rows, stored, &packed)
        let (scale, zero) = try (readScales(rows, stored), readZeros(rows, stored))
        let (packedSpan, scaleSpan, zeroSpan) = (packed.span, scale.span, zero.span)
        let mask = UInt32(1) << UInt32(bits) - 1
        let (bits, perByte, inputs) = (bits, 8 / bits, inputs)
        for row in 0..<width {
            var target = row * inputs
            for word in 0..<words.shape[0] {
                let start = (word * width + row) * size
                for byte in packedSpan.extracting(start..<start + size).indices {
                    let value = UInt32(packedSpan[start + byte])
                    for place in 0..<perByte {
                        let group = groups[word &* perWord &+ byte &* perByte &+ place] &* width &+ row
                        let code = Int32(
                            truncatingIfNeeded: value >> UInt32(truncatingIfNeeded: place &* bits) & mask)
                        floats[target] = scaleSpan[group] * Float(code &- zeroSpan[group])
                        target += 1
                    }
                }
            }
        }
    }

    /// Reads some columns of all rows of a stored matrix.
    private func read(
        _ part: StoredPart, _ columns: Range<Int>, _ stored: some StoredTensors, _ bytes: inout [UInt8]
    ) throws {
        let size = columns.count * part.elementSize
        var room = bytes.mutableSpan
        for row in 0..<part.shape[0] {
            let start = row * part.shape[1] + columns.lowerBound
            var target = room._mutatingExtracting(row * size..<(row + 1) * size)
            try stored.read(start..<start + columns.count, of: part.index, into: &target)
        }
    }

    private func readScales(_ rows: Range<Int>, _ stored: some StoredTensors) throws -> [Float] {
        var bytes = [UInt8](repeating: 0, count: scales.shape[0] * rows.count * scales.elementSize)
        try read(scales, rows, stored, &bytes)
        var floats = [Float](repeating: 0, count: scales.shape[0] * rows.count)
        var room = floats.mutableSpan
        scales.dtype.floats(from: bytes.span, into: &room)
        return floats
    }

    private func readZeros(_ rows: Range<Int>, _ stored: some StoredTensors) throws -> [Int32] {
        let columns = rows.lowerBound / perWord..<(rows.upperBound - 1) / perWord + 1
        let (size, perByte) = (zeros.elementSize, 8 / bits)
        var bytes = [UInt8](repeating: 0, count: zeros.shape[0] * columns.count * size)
        try read(zeros, columns, stored, &bytes)
        let mask = UInt8(truncatingIfNeeded: 1 << bits - 1)
        var result = [Int32](repeating: 0, count: zeros.shape[0] * rows.count)
        for group in 0..<zeros.shape[0] {
            for (index, row) in rows.enumerated() {
                let place = row - columns.lowerBound * perWord
                let byte = bytes[group * columns.count * size + place / perByte]
                let code = byte >> UInt8(truncatingIfNeeded: place % perByte * bits) & mask
                result[group * rows.count + index] = Int32(code) + zeroOffset
            }
        }
        return result
    }
}
