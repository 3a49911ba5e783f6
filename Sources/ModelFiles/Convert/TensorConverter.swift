import Tensors

/// Converts elements of one type to another, or copies them, and refuses numbers that are none.
///
/// A worker has one of its own, with room for what it works on. Blocks do not depend on one another, so that it
/// makes no difference in which parts a tensor is converted.
struct TensorConverter {
    /// How many elements go through the floats between the types at a time: few enough to stay in the
    /// second-level cache.
    private static let stride = 1 << 15

    private var floats: [Float] = []

    /// Converts whole blocks.
    /// - Parameters:
    ///   - input: the elements in the type of `source`.
    ///   - importance: of the columns of one matrix; empty where it is not known. With it, `input` is whole rows.
    ///   - output: room for the elements in `type`.
    /// - Returns: why not, with the first element that is to blame, counted from the first of `input`.
    mutating func convert(
        _ input: Span<UInt8>, of source: TensorDescription, to type: GGMLType, importance: Span<Float>,
        into output: inout MutableSpan<UInt8>
    ) throws -> Fault? {
        guard let from = source.type.format, let to = type.format else {
            throw ConversionGap(source: source.type, type: type)
        }
        let count = input.count / source.type.blockSize * source.type.blockLength
        let row = source.rowLength
        let step = importance.isEmpty ? Self.stride : max(1, Self.stride / row) * row
        if floats.count < min(step, count) { floats = [Float](repeating: 0, count: min(step, count)) }
        var start = 0
        while start < count {
            let end = min(start + step, count)
            let bytes = input.extracting(source.byteCount(start)..<source.byteCount(end))
            var part = floats.mutableSpan
            var room = part._mutatingExtracting(0..<end - start)
            from.dequantize(bytes, into: &room)
            let rows = room.span
            if let index = rows.firstNotFinite {
                return Fault(element: start + index, problem: .source(rows[index]))
            }
            let first = start / type.blockLength * type.blockSize
            var blocks = output._mutatingExtracting(first..<end / type.blockLength * type.blockSize)
            // Without importance a block knows nothing of its row, which may be longer than the part.
            to.quantize(
                rows, rowLength: importance.isEmpty ? end - start : row, importance: importance,
                into: &blocks)
            if let block = type.firstInvalidBlock(in: blocks.span) {
                let element = block * type.blockLength
                return Fault(element: start + element, problem: .result(type, rows[element]))
            }
            start = end
        }
        return nil
    }

    /// Looks at elements that are copied.
    static func check(_ input: Span<UInt8>, of type: GGMLType) -> Fault? {
        guard let block = type.firstInvalidBlock(in: input) else { return nil }
        return Fault(element: block * type.blockLength, problem: .copied(type))
    }

    /// Why elements cannot be written.
    struct Fault: Equatable {
        /// The element that is to blame, or the first of its block.
        let element: Int
        /// What is wrong with it.
        let problem: Problem

        /// What hinders it.
        enum Problem: Equatable {
            /// The source's number is infinite or not a number.
            case source(Float)
            /// The number is finite, but its block's scale, or it itself, is not in the type.
            case result(GGMLType, Float)
            /// The source has a number, or a block with a scale, that is infinite or not a number.
            case copied(GGMLType)
        }
    }
}

/// A conversion that there is no program for.
struct ConversionGap: Error, CustomStringConvertible {
    /// The type that there is.
    let source: GGMLType
    /// The type that is wanted.
    let type: GGMLType

    /// A clause for a message, without the tensor's name.
    var description: String { "tensors of type \(source.name) cannot be converted to \(type.name)" }
}
