import Conversion
import Formats
import Tensors

/// Two tensors, or a tensor and a part of another, that should hold the same numbers.
struct TensorPair: Sendable {
    /// How the order of the two's numbers differs.
    enum Order: Equatable {
        /// In the same order.
        case same
        /// The rows of a head are in two halves on one side and pair by pair on the other, as GGUF's Llama has
        /// them.
        case originalInHalves(HeadRows), otherInHalves(HeadRows)
        /// One side's norm lacks the 1 that the other's has in it, as Gemma's.
        case originalLessOne, otherLessOne
        /// One side has the matrix's columns as rows, as GPT-2's linear layers.
        case originalTransposed(Transposition), otherTransposed(Transposition)
    }

    /// The tensor of the first model.
    let original: TensorModel.Tensor
    /// The tensor of the second.
    let other: TensorModel.Tensor
    /// The expert's number where one side has all experts of a block in one tensor; else `nil`.
    let expert: Int?
    /// Where the pair starts in each tensor, and how many elements it has.
    let originalStart: Int
    /// Where the pair starts in the other tensor.
    let otherStart: Int
    /// The number of elements.
    let count: Int
    /// How the order of one side becomes the other's.
    let order: Order

    /// What parts of the pair have to be multiples of, in elements.
    var unit: Int {
        let blocks = max(original.type.blockLength, other.type.blockLength)
        switch order {
        case .originalInHalves(let layout), .otherInHalves(let layout):
            return layout.rows * layout.rowLength
        case .originalTransposed(let matrix), .otherTransposed(let matrix): return matrix.columns
        default: return blocks
        }
    }

    /// Whether numbers are put in another order after they are read.
    var needsRoom: Bool {
        switch order {
        case .originalInHalves, .otherInHalves: true
        default: false
        }
    }

    /// The bytes that are read of the original.
    var size: Int { original.type.byteCount(count) }
}

/// The rows of one attention head, whose halves Llama's GGUF interleaves.
struct HeadRows: Equatable {
    /// The rows of a head, an even number.
    let rows: Int
    /// The elements of a row.
    let rowLength: Int

    /// Row 2j of a head is row j, row 2j + 1 is row j + half (gguf.md: `reshape(H, 2, D/2)`, axes swapped).
    /// - Parameters:
    ///   - input: whole heads in halves.
    ///   - output: room for at least as many.
    func interleave(_ input: Span<Float>, into output: inout MutableSpan<Float>) {
        let half = rows / 2
        for head in stride(from: 0, to: input.count, by: rows * rowLength) {
            for row in 0..<half {
                for (offset, source) in [(0, row), (1, row + half)] {
                    let target = head + (2 * row + offset) * rowLength
                    let start = head + source * rowLength
                    for column in 0..<rowLength { output[target + column] = input[start + column] }
                }
            }
        }
    }
}

/// A matrix that one side has by rows and the other by columns.
struct Transposition: Equatable {
    /// The rows, and the elements of each, of the side that has it by rows.
    let rows: Int
    /// The elements of each row.
    let columns: Int

    /// - Parameters:
    ///   - straight: the tensor that has the matrix by rows; both are matrices.
    ///   - turned: the one that has it by columns, whose elements are read one by one.
    /// - Returns: `nil` where the shapes do not say so.
    init?(straight: TensorModel.Tensor, turned: TensorModel.Tensor) {
        guard straight.shape.count == 2, turned.shape.elementsEqual(straight.shape.reversed()),
            turned.type.blockLength == 1, straight.shape[1].isMultiple(of: straight.type.blockLength)
        else { return nil }
        (rows, columns) = (straight.shape[0], straight.shape[1])
    }

    /// Reads elements in the order of the side that has the matrix by rows.
    /// - Parameters:
    ///   - elements: whole rows.
    ///   - read: reads elements in the order of the file.
    func read(
        _ elements: Range<Int>, into output: inout MutableSpan<Float>,
        _ read: (Range<Int>, inout MutableSpan<Float>) throws -> Void
    ) throws {
        let (first, count) = (elements.lowerBound / columns, elements.count / columns)
        var column = [Float](repeating: 0, count: count)
        var room = column.mutableSpan
        for number in 0..<columns {
            let start = number * rows + first
            try read(start..<start + count, &room)
            for row in 0..<count { output[row * columns + number] = room[row] }
        }
    }
}

/// Finds for every tensor of one model the one of another that stands for it.
struct TensorPairing {
    /// The pairs that were found, in the order of the Hugging Face side if there is one, else of the
    /// original.
    private(set) var pairs: [TensorPair] = []
    /// The names of the original's tensors that no pair has.
    private(set) var onlyInOriginal: [String] = []
    /// The names of the other's tensors that no pair has.
    private(set) var onlyInOther: [String] = []

    /// Pairs tensors by names; between GGUF and the others names are mapped, and shapes say in which order
    /// elements are.
    init(_ original: TensorModel, _ other: TensorModel) {
        var byName: [ExactName: TensorModel.Tensor] = [:]
        for tensor in other.tensors { byName[tensor.name] = tensor }
        var used: Set<ExactName> = []
        switch (original.format, other.format) {
        case (.safetensors, .gguf), (.pytorch, .gguf):
            let layout = GGUFLayout(other.gguf)
            for tensor in original.tensors {
                guard let (target, expert) = TensorPairing.target(of: tensor, byName),
                    let pair = layout.pair(tensor, target, expert: expert, isOriginal: true)
                else {
                    onlyInOriginal.append(tensor.name)
                    continue
                }
                used.insert(target.name)
                pairs.append(pair)
            }
        case (.gguf, .safetensors), (.gguf, .pytorch):
            let layout = GGUFLayout(original.gguf)
            var sources: [ExactName: TensorModel.Tensor] = [:]
            for tensor in original.tensors { sources[tensor.name] = tensor }
            var found: Set<ExactName> = []
            for tensor in other.tensors {
                guard let (target, expert) = TensorPairing.target(of: tensor, sources),
                    let pair = layout.pair(tensor, target, expert: expert, isOriginal: false)
                else { continue }
                used.insert(tensor.name)
                found.insert(target.name)
                pairs.append(pair)
            }
            onlyInOriginal = original.tensors.map(\.name).filter { !found.contains($0) }
        default:
            for tensor in original.tensors {
                guard let match = byName[tensor.name], match.count == tensor.count,
                    tensor.type.isNumeric, match.type.isNumeric,
                    let order = TensorPairing.order(tensor, match)
                else {
                    onlyInOriginal.append(tensor.name)
                    continue
                }
                used.insert(tensor.name)
                pairs.append(
                    TensorPair(
                        original: tensor, other: match, expert: nil, originalStart: 0, otherStart: 0,
                        count: tensor.count, order: order))
            }
        }
        onlyInOther = other.tensors.map(\.name).filter { !used.contains($0) }
    }

    /// The order of two tensors of one name; `nil` where their shapes have nothing to do with one another.
    private static func order(
        _ original: TensorModel.Tensor, _ other: TensorModel.Tensor
    ) -> TensorPair.Order? {
        // GGUF drops dimensions of 1 at the end.
        if original.shape.filter({ $0 != 1 }) == other.shape.filter({ $0 != 1 }) { return .same }
        if let matrix = Transposition(straight: other, turned: original) {
            return .originalTransposed(matrix)
        }
        return Transposition(straight: original, turned: other).map(TensorPair.Order.otherTransposed)
    }

    /// The GGUF tensor that a Hugging Face model's tensor is in, and the expert's place there.
    private static func target(
        of tensor: TensorModel.Tensor, _ byName: [ExactName: TensorModel.Tensor]
    ) -> (TensorModel.Tensor, expert: Int?)? {
        let name = HuggingFaceName(tensor.name)
        for candidate in name.candidates {
            if let found = byName[candidate] { return (found, name.expert) }
        }
        return nil
    }
}

/// How GGUF's tensors of an architecture are stored where they are not as in the Hugging Face model.
private struct GGUFLayout {
    private let architecture: String
    private let heads: Int?
    private let keyHeads: Int?

    init(_ metadata: GGUFMetadata?) {
        architecture = metadata?["general.architecture"]?.text ?? ""
        heads = metadata?["\(architecture).attention.head_count"]?.integer
        keyHeads = metadata?["\(architecture).attention.head_count_kv"]?.integer ?? heads
    }

    /// A pair of a Hugging Face tensor and GGUF's; `nil` where the numbers cannot be put in one order.
    func pair(
        _ huggingFace: TensorModel.Tensor, _ gguf: TensorModel.Tensor, expert: Int?, isOriginal: Bool
    ) -> TensorPair? {
        let count = huggingFace.count
        guard count > 0, huggingFace.type.isNumeric, gguf.type.isNumeric else { return nil }
        var start = 0
        if let expert {
            let (offset, overflow) = expert.multipliedReportingOverflow(by: count)
            guard !overflow, expert >= 0, gguf.count - count >= offset else { return nil }
            start = offset
        } else if gguf.count != count {
            return nil
        }
        if let order = transposed(huggingFace, gguf, isOriginal) {
            return TensorPair(
                original: isOriginal ? huggingFace : gguf, other: isOriginal ? gguf : huggingFace,
                expert: nil, originalStart: 0, otherStart: 0, count: count, order: order)
        }
        guard !isTransposed(gguf.name), start.isMultiple(of: gguf.type.blockLength),
            count.isMultiple(of: gguf.type.blockLength),
            let order = order(huggingFace, gguf, isOriginal)
        else { return nil }
        return TensorPair(
            original: isOriginal ? huggingFace : gguf, other: isOriginal ? gguf : huggingFace,
            expert: expert, originalStart: isOriginal ? 0 : start, otherStart: isOriginal ? start : 0,
            count: count, order: order)
    }

    /// The order of a matrix that the Hugging Face model has by columns: its shape states it, or where it is
    /// square, its name.
    private func transposed(
        _ huggingFace: TensorModel.Tensor, _ gguf: TensorModel.Tensor, _ isOriginal: Bool
    ) -> TensorPair.Order? {
        guard isTransposed(gguf.name) || huggingFace.shape != gguf.shape,
            let matrix = Transposition(straight: gguf, turned: huggingFace)
        else { return nil }
        return isOriginal ? .originalTransposed(matrix) : .otherTransposed(matrix)
    }

    /// GPT-2's linear layers are stored the other way round.
    private func isTransposed(_ name: String) -> Bool {
        architecture == "gpt2"
            && ["attn_qkv.weight", "attn_output.weight", "ffn_up.weight", "ffn_down.weight"].contains {
                name.hasUTF8Suffix($0)
            }
    }

    private func order(
        _ huggingFace: TensorModel.Tensor, _ gguf: TensorModel.Tensor, _ isOriginal: Bool
    ) -> TensorPair.Order? {
        if ["gemma", "gemma2", "gemma3"].contains(architecture), huggingFace.name.hasUTF8Suffix("norm.weight")
        {
            return isOriginal ? .originalLessOne : .otherLessOne
        }
        guard ["llama", "granite", "granitemoe", "minicpm"].contains(architecture) else { return .same }
        let parts = gguf.name.utf8.split(separator: UInt8(ascii: ".")).map { String(Substring($0)) }
        let count: Int?
        switch parts.dropLast().last {
        case "attn_q": count = heads
        case "attn_k": count = keyHeads
        default: return .same
        }
        let rows = huggingFace.shape.first ?? 1
        guard let count, count > 0, rows.isMultiple(of: 2 * count) else { return nil }
        let layout = HeadRows(rows: rows / count, rowLength: huggingFace.count / rows)
        guard (layout.rows * layout.rowLength).isMultiple(of: gguf.type.blockLength) else { return nil }
        return isOriginal ? .originalInHalves(layout) : .otherInHalves(layout)
    }
}
