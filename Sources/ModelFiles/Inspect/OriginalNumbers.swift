import Conversion
import Formats
import Tensors

/// The numbers that a conversion was given to store in one file, in full precision: read or computed as the conversion does it.
protocol OriginalNumbers: Sendable {
    /// The tensors of the file.
    var tensors: [OriginalTensor] { get }

    /// What is added to a tensor's numbers; it is asked once for each.
    func changes(of index: Int) throws -> [MergedAdapter.Numbers]

    /// Reads elements, without changes.
    /// - Parameters:
    ///   - elements: counted from the tensor's first; whole rows, or of longer rows whole blocks.
    ///   - index: the tensor's place in ``tensors``.
    ///   - scratch: room to read into, which grows as it is needed.
    ///   - output: as many floats as there are elements.
    func read(
        _ elements: Range<Int>, of index: Int, scratch: inout [UInt8], into output: inout MutableSpan<Float>
    ) throws
}

/// A tensor as a conversion was given it.
struct OriginalTensor: Sendable {
    /// The name in the file that was made.
    let name: String
    /// The number of elements.
    let count: Int
    /// How many of them are read together at least.
    let unit: Int
    /// Whether the elements are numbers that can be read.
    let isNumeric: Bool
}

/// A file that a conversion made, with the numbers that it was given.
package struct ConvertedFile: Sendable {
    /// The path in the entry.
    let path: RelativePath
    /// Whether it is a model of its own beside the entry's: a projector.
    let isBeside: Bool
    /// The numbers.
    let original: any OriginalNumbers
}

/// The numbers of a checkpoint as a GGUF file has them: renamed, permuted, stacked, and not yet rounded.
struct ConvertedNumbers: OriginalNumbers {
    let tensors: [OriginalTensor]
    private let source: HuggingFaceSource

    /// - Parameter source: reads elements in types that keep every number.
    init(_ source: HuggingFaceSource) {
        self.source = source
        tensors = source.tensors.map { tensor in
            OriginalTensor(
                name: tensor.name, count: tensor.elementCount,
                unit: max(tensor.type.blockLength, tensor.rowLength),
                isNumeric: ElementType.ggml(tensor.type).isNumeric)
        }
    }

    func changes(of index: Int) -> [MergedAdapter.Numbers] { [] }

    func read(
        _ elements: Range<Int>, of index: Int, scratch: inout [UInt8], into output: inout MutableSpan<Float>
    ) throws {
        let tensor = source.tensors[index]
        let size = tensor.byteCount(elements.count)
        if scratch.count < size { scratch = [UInt8](repeating: 0, count: size) }
        var all = scratch.mutableSpan
        var room = all._mutatingExtracting(0..<size)
        try source.read(elements, of: index, into: &room)
        ElementType.ggml(tensor.type).floats(from: room.span, into: &output)
    }
}

/// The numbers of a safetensors file, with adapters merged into them.
struct MergedNumbers: OriginalNumbers {
    let tensors: [OriginalTensor]
    private let checkpoint: StoredCheckpoint
    private let adapters: [MergedAdapter]

    /// - Parameter adapters: what is merged, one after the other; empty where the weights are the model's.
    init(_ checkpoint: StoredCheckpoint, merging adapters: [MergedAdapter]) {
        (self.checkpoint, self.adapters) = (checkpoint, adapters)
        tensors = checkpoint.tensors.map { tensor in
            OriginalTensor(
                name: tensor.name, count: tensor.elementCount, unit: 1, isNumeric: tensor.dtype.isReal)
        }
    }

    func changes(of index: Int) throws -> [MergedAdapter.Numbers] {
        try adapters.flatMap { try $0.numbers(of: tensors[index].name) }
    }

    func read(
        _ elements: Range<Int>, of index: Int, scratch: inout [UInt8], into output: inout MutableSpan<Float>
    ) throws {
        let tensor = checkpoint.tensors[index]
        let size = elements.count * tensor.unitSize
        if scratch.count < size { scratch = [UInt8](repeating: 0, count: size) }
        var all = scratch.mutableSpan
        var room = all._mutatingExtracting(0..<size)
        try checkpoint.read(elements, of: index, into: &room)
        tensor.dtype.floats(from: room.span, into: &output)
    }
}
