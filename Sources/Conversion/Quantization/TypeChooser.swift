import Tensors

/// Chooses the type of one tensor after the other, in the order of the file to write: what was asked for the
/// tensor, else what the mixture gives, else what its shape allows.
struct TypeChooser {
    private let options: QuantizationOptions
    private let traits: ModelTraits
    private let base: GGMLType
    /// `nil` where every tensor gets the same type.
    private var mixture: Mixture?

    /// Begins at the first tensor.
    /// - Parameters:
    ///   - tensors: all of the model, in any order.
    ///   - hasImportance: whether there is an importance matrix, for whichever tensors.
    init(
        options: QuantizationOptions, traits: ModelTraits, tensors: [TensorDescription], hasImportance: Bool
    ) {
        self.options = options
        self.traits = traits
        base = options.type.base
        guard let type = options.type.mixture, base.isQuantized, !options.isPure else { return }
        mixture = Mixture(
            type: type, base: base, traits: traits, tensors: tensors, hasImportance: hasImportance,
            outputType: options.outputTensorType)
    }

    /// The next tensor's type, and the type that its shape did not allow.
    mutating func choose(
        _ tensor: TensorDescription
    ) throws(QuantizationError) -> (type: GGMLType, unfitting: GGMLType?) {
        guard isQuantized(tensor) else { return (tensor.type, nil) }
        let ruled = base.isQuantized ? try rule(for: tensor) : nil
        if let asked = try askedType(of: tensor) { return (asked, nil) }
        // A plain type is for all tensors: rules and shapes count for quantized ones only.
        guard base.isQuantized else { return (base, nil) }
        var choice = Mixture.Choice(type: ruled?.type ?? base)
        if ruled == nil, let chosen = try mixture?.choose(tensor) { choice = chosen }
        guard !tensor.columns.isMultiple(of: choice.type.blockLength) else {
            return (choice.type, choice.unfitting)
        }
        return (try substitute(choice.type, tensor), choice.unfitting ?? choice.type)
    }

    private func isQuantized(_ tensor: TensorDescription) -> Bool {
        guard !options.type.isCopy, tensor.isQuantizable(in: traits.architecture) else { return false }
        return !(options.leavesOutputTensor && tensor.isOutput)
    }

    /// The first rule whose pattern is found in the tensor's name.
    private func rule(for tensor: TensorDescription) throws(QuantizationError) -> TensorTypeRule? {
        for rule in options.tensorTypes where try rule.matches(tensor.name) { return rule }
        return nil
    }

    /// The type that an option states for one of both ends of a model, whatever its shape allows.
    private func askedType(of tensor: TensorDescription) throws(QuantizationError) -> GGMLType? {
        if tensor.isTokenEmbedding, let asked = options.tokenEmbeddingType {
            // The table of embeddings for every layer is large, and may be told apart by a rule.
            let isNamed = tensor.isPerLayerTokenEmbedding ? try rule(for: tensor) != nil : false
            if !isNamed { return asked }
        }
        return tensor.isOutput ? options.outputTensorType : nil
    }

    /// A type with smaller blocks for rows that are no whole number of a type's blocks (llama-quant.cpp,
    /// `tensor_type_fallback`).
    private func substitute(
        _ type: GGMLType, _ tensor: TensorDescription
    ) throws(QuantizationError) -> GGMLType {
        let smaller: GGMLType
        switch type {
        case .iq1S, .iq1M, .iq2XXS, .iq2XS, .iq2S, .iq3XXS, .iq3S, .iq4XS: smaller = .iq4NL
        case .q20, .q2K, .q3K, .tq10, .tq20: smaller = .q40
        case .q4K: smaller = .q50
        case .q5K: smaller = .q51
        case .q6K: smaller = .q80
        default:
            guard type.blockLength <= 32 else {
                throw QuantizationError(
                    "tensor \(tensor.name.quotedForMessage) has rows of \(tensor.columns), which \(type.name) "
                        + "cannot divide into blocks of \(type.blockLength), and it has no smaller relative",
                    hint: "give the tensor another type with --tensor-type PATTERN=TYPE")
            }
            smaller = type
        }
        return tensor.columns.isMultiple(of: smaller.blockLength) ? smaller : .f16
    }
}
