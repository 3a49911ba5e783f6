package import Conversion
import Formats
package import Tensors

/// A tensor of a model, and the types it may get.
package struct FitTensor: Sendable {
    /// The tensor as it is.
    package let tensor: TensorDescription
    /// The types, at least one; the tensor's own type copies it.
    package let candidates: [GGMLType]
    /// Whether it is quantized at all: others are copied, whatever is asked for.
    package let isQuantized: Bool
    /// Whether somebody decided on its type.
    package let isPinned: Bool
    /// The importance of its columns; `nil` where the matrix has none.
    package let importance: Imatrix.Entry?
    /// How much its relative error counts, in parts of ``RoleWeights/denominator``.
    package private(set) var weight: Int

    /// Finds out what the tensors of a model may get.
    /// - Parameters:
    ///   - tensors: all of the model.
    ///   - options: pins as options and rules have them, and whether quantized tensors may be quantized again.
    ///   - imatrix: after filtering.
    /// - Throws: where a pin does not fit the tensor's shape, or a rule cannot be looked for.
    package static func all(
        _ tensors: [TensorDescription], traits: ModelTraits, options: QuantizationOptions,
        constraints: FitConstraints, imatrix: Imatrix?
    ) throws(QuantizationError) -> [FitTensor] {
        let isTied = !tensors.contains { $0.role == .output }
        var result: [FitTensor] = []
        for tensor in tensors {
            let entry = imatrix?.entries[ExactName(tensor.name)]
            let importance = entry?.valueCount == tensor.importanceCount ? entry : nil
            let isQuantized = tensor.isQuantizable(in: traits.architecture)
            var candidates = [tensor.type]
            var isPinned = false
            if isQuantized {
                if let pin = try pin(of: tensor, options) {
                    guard tensor.columns.isMultiple(of: pin.blockLength) else {
                        throw QuantizationError(
                            "tensor \(tensor.name.quotedForMessage) has rows of \(tensor.columns), which "
                                + "\(pin.name) cannot divide into blocks of \(pin.blockLength)",
                            hint: "give it a type with smaller blocks, such as Q8_0")
                    }
                    candidates = [pin]
                    isPinned = true
                } else if !tensor.type.isQuantized || options.allowsRequantizing {
                    candidates = constraints.candidates(for: tensor, hasImportance: importance != nil)
                }
            }
            result.append(
                FitTensor(
                    tensor: tensor, candidates: candidates, isQuantized: isQuantized, isPinned: isPinned,
                    importance: importance,
                    weight: RoleWeights.weight(of: tensor, isTied: isTied)))
        }
        return result
    }

    /// The same with the weight that was measured for its role, if it was.
    package func weighed(by calibration: Calibration) -> FitTensor {
        var other = self
        other.weight = calibration.weight(of: tensor.role) ?? weight
        return other
    }

    /// Whether it could have smaller types if its importance was known.
    package var lacksImportance: Bool {
        isQuantized && !isPinned && importance == nil && candidates.count > 1
            && tensor.columns.isMultiple(of: GGMLType.iq1S.blockLength)
    }

    /// The type that the user decided on.
    private static func pin(
        of tensor: TensorDescription, _ options: QuantizationOptions
    ) throws(QuantizationError) -> GGMLType? {
        switch tensor.role {
        case .output:
            if options.leavesOutputTensor { return tensor.type }
            if let type = options.outputTensorType { return type }
        case .tokenEmbedding:
            if let type = options.tokenEmbeddingType { return type }
        default: break
        }
        for rule in options.tensorTypes where try rule.matches(tensor.name) { return rule.type }
        return nil
    }
}

extension FitConstraints {
    /// The types for a tensor whose type nobody decided on.
    fileprivate func candidates(for tensor: TensorDescription, hasImportance: Bool) -> [GGMLType] {
        let isEnd = tensor.role == .output || tensor.role == .tokenEmbedding
        // What a tensor has already it may always keep.
        let all = Self.types.contains(tensor.type) ? Self.types : Self.types + [tensor.type]
        return all.filter { type in
            if type == tensor.type { return true }
            guard tensor.columns.isMultiple(of: type.blockLength) else { return false }
            // What is larger than the original, or of its size, gains nothing.
            if type.millibits >= tensor.type.millibits { return false }
            if isForCPU, Self.codebookTypes.contains(type) { return false }
            if isEnd, let floor = floor(columns: tensor.columns),
                type.millibits < min(floor.millibits, tensor.type.millibits)
            {
                return false
            }
            // Both ends are asked for as all others: llama-quantize leaves them to luck.
            return hasImportance || !type.isUselessWithoutImportance
        }
    }
}

extension GGMLType {
    /// Whether a matrix is garbage in this type if nobody knows which columns count.
    fileprivate var isUselessWithoutImportance: Bool {
        switch self {
        case .iq1S, .iq1M, .iq2XXS, .iq2XS, .iq2S, .iq3XXS: true
        default: false
        }
    }
}
