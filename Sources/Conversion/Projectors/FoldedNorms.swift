import Formats
import Tensors

/// Norms over batches, which become a factor and a term: what they have seen in training is folded into both, each step
/// rounded as torch rounds it.
struct FoldedNorms: Sendable {
    /// The ends of the names of what is folded.
    private static let parts = ["weight", "bias", "running_mean", "running_var"]
    /// Which parts were met, by what their names begin with.
    private var met: [ExactName: Set<ExactName>] = [:]

    /// Takes a tensor of a norm.
    /// - Parameters:
    ///   - start: the beginning of its name, up to the last dot.
    ///   - name: the rest.
    ///   - shape: its own.
    /// - Returns: factor and term when all of the norm were met; nothing before.
    /// - Throws: where the parts are of several shapes.
    mutating func add(
        _ start: String, _ name: String, _ shape: [Int], of model: HuggingFaceModel
    ) throws(ConversionError) -> (factor: TensorValue, term: TensorValue)? {
        guard Self.parts.containsExactly(name) else { return nil }
        met[ExactName(start), default: []].insert(ExactName(name))
        guard met[ExactName(start)]?.count == Self.parts.count else { return nil }
        var isHalf = false
        for part in Self.parts {
            guard let own = model.storedTensors.first(where: { $0.name.hasSameBytes(as: "\(start).\(part)") })
            else { throw .missingTensor("\(start).\(part)") }
            guard own.shape == shape, shape.count == 1 else {
                throw .wrongShape(own.name, own.shape, "and \"\(start).\(name)\" has \(shape)")
            }
            isHalf = own.dtype == .f16
        }
        var numbers: [[Float]] = []
        for part in Self.parts {
            let own = try StoredNumbers.floats("\(start).\(part)", of: model)
            numbers.append(own ?? [Float](repeating: 0, count: shape[0]))
        }
        let round: (Float) -> Float = { isHalf ? Float(Float16($0)) : $0 }
        let factors = numbers[0].indices.map { place in
            let spread = round(numbers[3][place] + 1e-5)
            // Of halves torch takes the nearest root.
            let root = isHalf ? round(spread.squareRoot()) : SquareRoot.value(spread)
            return round(numbers[0][place] / root)
        }
        let terms = numbers[1].indices.map {
            round(numbers[1][$0] - round(numbers[2][$0] * factors[$0]))
        }
        return (TensorValue(numbers: factors, shape: shape), TensorValue(numbers: terms, shape: shape))
    }

    /// What no norm has all of, as names.
    var missing: [String] {
        met.flatMap { start, found in
            Self.parts.filter { !found.contains(ExactName($0)) }.map { "\(start.text).\($0)" }
        }.sortedByBytes()
    }
}
