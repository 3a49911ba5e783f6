import Formats
import Tensors

/// BitNet's -1, 0 and 1, four in a byte: of the rows of a quarter of the matrix each, the first in the lowest bits.
/// They are divided by one scale (base.py of the converter, `dequant_bitnet`).
struct TernaryTensor: DequantizedTensor {
    private let codes: StoredPart
    private let scale: StoredPart
    private let quarter: Int

    var sources: [Int] { [codes.index, scale.index] }
    var tileLength: Int { 1 }
    /// The result's: four times as many rows as the codes have.
    var shape: [Int]

    /// Takes the codes and their scale.
    /// - Throws: ``ConversionError`` where the codes are not bytes, or the scale is not one number.
    init(_ codes: StoredPart, scale: StoredPart) throws(ConversionError) {
        try codes.check([.u8, .i8])
        try scale.checkReal()
        guard let rows = codes.shape.first, rows <= Int.max / 8,
            codes.shape.reduce(1, &*) <= Int.max / 8
        else { throw codes.wrongShape("which is not a matrix") }
        guard scale.shape.allSatisfy({ $0 == 1 }), scale.shape.count <= codes.shape.count else {
            throw scale.wrongShape("where one number is expected")
        }
        quarter = codes.shape.reduce(1, &*)
        shape = [rows * 4] + codes.shape.dropFirst()
        (self.codes, self.scale) = (codes, scale)
    }

    func compute(
        _ elements: Range<Int>, of stored: some StoredTensors, into floats: inout MutableSpan<Float>
    ) throws {
        let scale = try stored.floats(0..<1, of: scale)[0]
        let values = (0..<4).map { (Float($0) - 1) / scale }
        var place = elements.lowerBound
        while place < elements.upperBound {
            let number = place / quarter
            let end = min(elements.upperBound, (number + 1) * quarter)
            let bytes = try stored.bytes(place - number * quarter..<end - number * quarter, of: codes)
            let (span, table) = (bytes.span, values.span)
            let (start, shift) = (place - elements.lowerBound, UInt8(truncatingIfNeeded: 2 * number))
            for index in span.indices { floats[start + index] = table[Int(span[index] >> shift & 3)] }
            place = end
        }
    }
}
