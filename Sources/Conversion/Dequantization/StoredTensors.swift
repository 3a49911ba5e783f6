import Formats
import Tensors

/// The tensors of a checkpoint as they were saved, whose elements someone else reads.
package protocol StoredTensors {
    /// Reads elements of a tensor.
    /// - Parameters:
    ///   - elements: counted from the tensor's first, in row-major order.
    ///   - tensor: the tensor's place in the checkpoint.
    ///   - bytes: room for exactly these elements in the tensor's type.
    func read(_ elements: Range<Int>, of tensor: Int, into bytes: inout MutableSpan<UInt8>) throws
}

/// A tensor whose elements are computed of several stored ones.
package protocol DequantizedTensor: Sendable {
    /// The stored tensors that it is computed of.
    var sources: [Int] { get }

    /// How many elements are computed at once, counted from the first; 1 where any range is as good.
    var tileLength: Int { get }

    /// Computes elements.
    /// - Parameters:
    ///   - elements: counted from the first, in row-major order; whole tiles, but for the tensor's last.
    ///   - stored: where the stored tensors' elements are read.
    ///   - floats: room for exactly these elements.
    /// - Throws: what reading throws, and ``ConversionError`` where stored elements make no sense.
    func compute(
        _ elements: Range<Int>, of stored: some StoredTensors, into floats: inout MutableSpan<Float>) throws
}

extension StoredTensors {
    /// Elements of a tensor in a row.
    package func bytes(_ elements: Range<Int>, of tensor: StoredPart) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: elements.count * tensor.elementSize)
        var room = bytes.mutableSpan
        try read(elements, of: tensor.index, into: &room)
        return bytes
    }

    /// Elements of a tensor of real numbers as floats.
    package func floats(_ elements: Range<Int>, of tensor: StoredPart) throws -> [Float] {
        let bytes = try bytes(elements, of: tensor)
        var floats = [Float](repeating: 0, count: elements.count)
        var room = floats.mutableSpan
        tensor.dtype.floats(from: bytes.span, into: &room)
        return floats
    }

    /// Elements of a tensor of whole numbers of 32 or 64 bits.
    func integers(_ elements: Range<Int>, of tensor: StoredPart) throws -> [Int] {
        let (bytes, size) = (try bytes(elements, of: tensor), tensor.elementSize)
        return (0..<elements.count).map { index in
            var word: UInt64 = 0
            for place in 0..<size { word |= UInt64(bytes[index * size + place]) << UInt64(8 * place) }
            return size == 4
                ? Int(Int32(truncatingIfNeeded: word)) : Int(truncatingIfNeeded: word)
        }
    }
}

/// A stored tensor that another is computed of.
package struct StoredPart: Hashable, Sendable {
    /// The tensor's place among all that are stored.
    let index: Int
    /// The name in the checkpoint.
    let name: String
    /// The lengths of the dimensions, the outermost first.
    let shape: [Int]
    /// The type of the stored elements.
    let dtype: DType

    /// The size of an element in bytes; 0 for types of fewer than 8 bits.
    var elementSize: Int { dtype.bitsPerElement / 8 }

    /// Takes a tensor, nothing of which is checked yet.
    init(_ index: Int, _ tensor: CheckpointTensor) {
        self.index = index
        name = tensor.name
        shape = tensor.shape
        dtype = tensor.dtype
    }

    /// What to say of a shape that does not fit.
    func wrongShape(_ reason: String) -> ConversionError {
        ConversionError(
            .quantizationShape, "tensor \"\(name)\" has the shape \(shape), \(reason)",
            fix: "check that all files are of one revision, and that config.json belongs to them")
    }

    /// Looks at the type.
    func check(_ types: [DType]) throws(ConversionError) {
        guard types.contains(dtype) else {
            throw ConversionError(
                .quantizationType,
                "tensor \"\(name)\" is of the type \(dtype.rawValue), not "
                    + types.map(\.rawValue).joined(separator: " or "),
                fix: "check that config.json belongs to these weights")
        }
    }

    /// Looks whether it has numbers.
    func checkReal() throws(ConversionError) {
        guard dtype.isReal else {
            throw ConversionError(
                .quantizationType,
                "tensor \"\(name)\" is of the type \(dtype.rawValue), which cannot be read as numbers",
                fix: "check that config.json belongs to these weights")
        }
    }
}
