import Conversion
import Formats
import Manifests
import Tensors

/// An adapter whose changes go into the weights of a base model while they are cast.
struct MergedAdapter: Sendable {
    private let name: String
    private let checkpoint: StoredCheckpoint
    /// What becomes of the base model's weights, by the bytes of their names.
    private let changes: [ExactName: [LoraAdapter.Change]]

    /// Finds what an adapter changes.
    /// - Parameters:
    ///   - base: the base model's tensors.
    ///   - model: what the base model's configuration states.
    ///   - name: the adapter, with which messages begin.
    /// - Throws: ``Diagnostics`` where the adapter was made for another model.
    init(
        _ inputs: AdapterInputs, base: [CheckpointTensor], _ model: LoraAdapter.BaseModel, name: String
    ) throws {
        self.name = name
        checkpoint = inputs.checkpoint
        do throws(ConversionError) {
            changes = try inputs.adapter.changes(of: base, model)
        } catch {
            throw Diagnostics(error.diagnostic(for: name))
        }
    }

    /// Whether a weight changes.
    func changes(_ tensor: String) -> Bool { changes[ExactName(tensor)] != nil }

    /// What takes a weight's place and is added to it, in this order, read into memory; empty where it stays.
    func numbers(of tensor: String) throws -> [Numbers] {
        try (changes[ExactName(tensor)] ?? []).compactMap { change in
            switch change {
            case .replaced(let index): return .replaced(try floats(index))
            case .product(let pair, let scale, let isTransposed):
                let (a, b) = (try floats(pair.a), try floats(pair.b))
                return LoraProduct(pair, a: a, b: b, scale: scale, isTransposed: isTransposed).map(
                    Numbers.product)
            }
        }
    }

    /// Checks, when all was read, that the adapter's file has not changed.
    func checkUnchanged() throws { try checkpoint.checkUnchanged() }

    /// A change with its numbers.
    enum Numbers {
        /// The product of the two matrices, scaled, is added.
        case product(LoraProduct)
        /// All elements of the weight, which are in its place.
        case replaced([Float])

        /// Changes elements of the weight.
        func apply(to floats: inout MutableSpan<Float>, elements: Range<Int>) {
            switch self {
            case .product(let product): product.add(to: &floats, elements: elements)
            case .replaced(let values):
                for (index, place) in elements.enumerated() where place < values.count {
                    floats[index] = values[place]
                }
            }
        }
    }

    private func floats(_ index: Int) throws -> [Float] {
        let tensor = checkpoint.tensors[index]
        guard tensor.dtype.isReal, tensor.dtype.isFloat else {
            throw Diagnostics(
                Diagnostic(
                    code: .adapterType,
                    "\(name): \"\(tensor.name)\" of the adapter is of the type \(tensor.dtype.rawValue), not floats",
                    fix: "save the adapter in floats"))
        }
        let count = tensor.elementCount
        var bytes = [UInt8](repeating: 0, count: count * tensor.unitSize)
        var room = bytes.mutableSpan
        try checkpoint.read(0..<count, of: index, into: &room)
        var values = [Float](repeating: 0, count: count)
        var target = values.mutableSpan
        tensor.dtype.floats(from: bytes.span, into: &target)
        return values
    }
}
