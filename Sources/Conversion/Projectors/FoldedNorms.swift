import Formats
import Tensors

/// Norms over batches, which become a factor and a term: what they have seen in training is folded into both, each step
/// rounded as torch rounds it.
struct FoldedNorms: Sendable {
    /// The ends of the names of what is folded.
    private static let parts = ["weight", "bias", "running_mean", "running_var"]
    /// Where the norms' tensors are, by their names; found at the first of them.
    private var places: [ExactName: Int]?
    /// Which parts were met, by what their names begin with.
    private var met: [ExactName: Set<ExactName>] = [:]

    /// What is written of a tensor of a norm.
    /// - Parameters:
    ///   - name: its name, which is also that by which it is stored.
    ///   - names: the projector's.
    /// - Returns: factor and term when all of the norm were met; nothing before; `nil` of other tensors.
    /// - Throws: where the parts are of several shapes.
    mutating func convert(
        _ name: String, _ value: TensorValue, _ names: ProjectorNames, of model: HuggingFaceModel
    ) throws(ConversionError) -> [ConvertedTensor]? {
        guard name.containsUTF8(".batch_norm."), let dot = name.utf8.lastIndex(of: UInt8(ascii: ".")) else {
            return nil
        }
        let (start, end) = (String(name[..<dot]), String(name[name.utf8.index(after: dot)...]))
        guard Self.parts.containsExactly(end), let written = names[start] else { return [] }
        met[ExactName(start), default: []].insert(ExactName(end))
        guard met[ExactName(start)]?.count == Self.parts.count else { return [] }
        let (factor, term) = try folded(start, value.shape, of: model)
        return [ConvertedTensor("\(written).weight", factor), ConvertedTensor("\(written).bias", term)]
    }

    /// The factor and the term of a norm, each step in the wider type of the two that take part in it, as torch does it:
    /// halves where both are halves, and 32-bit floats otherwise.
    private mutating func folded(
        _ start: String, _ shape: [Int], of model: HuggingFaceModel
    ) throws(ConversionError) -> (factor: TensorValue, term: TensorValue) {
        let places = self.places ?? Self.places(of: model)
        self.places = places
        var parts: [(numbers: [Float], isHalf: Bool)] = []
        for part in Self.parts {
            guard let place = places[ExactName("\(start).\(part)")] else {
                throw .missingTensor("\(start).\(part)")
            }
            let own = model.storedTensors[place]
            guard own.shape == shape, shape.count == 1 else {
                throw .wrongShape(own.name, own.shape, "and others of \"\(start)\" have \(shape)")
            }
            let numbers = try StoredNumbers.floats(at: place, of: model)
            parts.append((numbers ?? [Float](repeating: 0, count: shape[0]), own.dtype == .f16))
        }
        let (weight, bias, mean, variance) = (parts[0], parts[1], parts[2], parts[3])
        func round(_ number: Float, _ isHalf: Bool) -> Float { isHalf ? Float(Float16(number)) : number }
        let isHalf = weight.isHalf && variance.isHalf
        let factors = weight.numbers.indices.map { place in
            let spread = round(variance.numbers[place] + 1e-5, variance.isHalf)
            // Of halves torch takes the nearest root.
            let root = variance.isHalf ? round(spread.squareRoot(), true) : SquareRoot.value(spread)
            return round(weight.numbers[place] / root, isHalf)
        }
        let terms = bias.numbers.indices.map {
            let moved = round(mean.numbers[$0] * factors[$0], mean.isHalf && isHalf)
            return round(bias.numbers[$0] - moved, bias.isHalf && mean.isHalf && isHalf)
        }
        return (TensorValue(numbers: factors, shape: shape), TensorValue(numbers: terms, shape: shape))
    }

    private static func places(of model: HuggingFaceModel) -> [ExactName: Int] {
        let norms = model.storedTensors.enumerated().filter { $1.name.containsUTF8(".batch_norm.") }
        return Dictionary(norms.map { (ExactName($1.name), $0) }) { first, _ in first }
    }

    /// What no norm has all of, as names.
    var missing: [String] {
        met.flatMap { start, found in
            Self.parts.filter { !found.contains(ExactName($0)) }.map { "\(start.text).\($0)" }
        }.sortedByBytes()
    }
}
