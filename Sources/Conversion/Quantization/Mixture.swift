import Formats
import Tensors

/// The choice of a tensor's type by a mixture: which tensors get more bits than the rest.
///
/// The rules and their constants are llama-quantize's (llama-quant.cpp, `llama_tensor_get_type_impl`). They count:
/// the tensors have to be asked for in the order of the file to write, each once.
struct Mixture {
    /// The mixture that was asked for.
    let type: FileType
    /// The type of all tensors without an exception.
    let base: GGMLType
    /// What the rules ask of the model.
    let traits: ModelTraits
    /// Whether there is an importance matrix, for whichever tensors.
    let hasImportance: Bool
    /// The type asked for the output, which the token embeddings share where they are the output as well.
    let outputType: GGMLType?
    /// Whether the token embeddings are the output as well.
    let isTied: Bool
    /// The number of tensors that are like attention values.
    let valueCount: Int

    private var valueIndex = 0
    private var downIndex = 0
    private var gateIndex = 0
    private var upIndex = 0

    /// Begins at the first tensor.
    /// - Parameter tensors: all of the model, in any order.
    init(
        type: FileType, base: GGMLType, traits: ModelTraits, tensors: [TensorDescription],
        hasImportance: Bool, outputType: GGMLType?
    ) {
        self.type = type
        self.base = base
        self.traits = traits
        self.hasImportance = hasImportance
        self.outputType = outputType
        isTied = !tensors.contains { $0.isOutput }
        valueCount = tensors.count { $0.role == .attentionValue }
    }

    /// A type, and another that would be better if the tensor's rows were divisible into its blocks.
    struct Choice {
        /// What the rules give the tensor.
        let type: GGMLType
        /// The better type whose blocks do not divide the rows; `nil` where ``type`` is the rules' first
        /// choice.
        var unfitting: GGMLType?
    }

    /// The type of the next tensor, one that is quantized.
    mutating func choose(_ tensor: TensorDescription) throws(QuantizationError) -> Choice {
        let role = tensor.role
        if isKeptAtEightBits(tensor) { return Choice(type: .q80) }
        if role == .output || isTied && role == .tokenEmbedding { return output(tensor) }
        if type == .mxfp4MoE { return Choice(type: mixtureOfExperts(tensor, role)) }
        let special: GGMLType? =
            switch role {
            case .tokenEmbedding: tokenEmbedding
            case .attentionValue: attentionValue()
            case .attentionKey: attentionKey
            case .attentionQuery: attentionQuery
            case .attentionOutput: attentionOutput
            case .feedForwardDown: try feedForwardDown(tensor)
            case .feedForwardGate: try feedForward(tensor, &gateIndex)
            case .feedForwardUp: try feedForward(tensor, &upIndex)
            case .output, .other: nil
            }
        return Choice(type: special ?? base)
    }

    private var hasEightExperts: Bool { traits.expertCount == 8 }
    /// Whether four heads or more share keys and values, so that these are small.
    private var isGrouped: Bool { traits.headsPerKeyValueHead >= 4 }

    private func isKeptAtEightBits(_ tensor: TensorDescription) -> Bool {
        traits.architecture == "glm5-next"
            && ["attn_q_a", "attn_q_b", "nextn.eh_proj"].contains { tensor.name.containsUTF8($0) }
    }

    // MARK: Both ends

    private func output(_ tensor: TensorDescription) -> Choice {
        if let outputType { return Choice(type: outputType) }
        let best: GGMLType =
            switch type {
            case .mxfp4MoE: .q80
            case _ where traits.isFalcon: .q80
            case .iq1S, .iq1M, .iq2XXS, .iq2XS, .iq2S, .iq2M, .iq3XXS: .q5K
            case _ where base == .q80: .q80
            default: .q6K
            }
        // It is the base type that the rows are measured by, whatever the output gets.
        guard best != .q80, !tensor.columns.isMultiple(of: base.blockLength) else {
            return Choice(type: best)
        }
        return Choice(type: .q80, unfitting: best)
    }

    private var tokenEmbedding: GGMLType? {
        switch type {
        case .iq1S, .iq1M, .iq2XXS, .iq2XS: .q2K
        case .iq2S, .iq2M, .iq3XXS: .iq3S
        case .tq10, .tq20, .q20: .q4K
        default: nil
        }
    }

    private func mixtureOfExperts(_ tensor: TensorDescription, _ role: TensorRole) -> GGMLType {
        guard tensor.matrices > 1 else { return .q80 }
        guard traits.architecture == "bailingmoe3" else { return .mxfp4 }
        // Its attention has tensors of three dimensions too.
        switch role {
        case .feedForwardUp, .feedForwardGate, .feedForwardDown: return .mxfp4
        default: return .q80
        }
    }

    // MARK: Attention

    private mutating func attentionValue() -> GGMLType? {
        defer { valueIndex += 1 }
        if type.isVeryLow {
            return isGrouped || traits.expertCount >= 4 ? .q4K : type.isUpperVeryLow ? .iq3S : .q2K
        }
        var special: GGMLType? =
            switch type {
            case .q2K: isGrouped ? .q4K : .q3K
            case .q2KS, .iq3XS, .iq3S: isGrouped ? .q4K : nil
            case .iq3XXS: isGrouped ? .q4K : hasImportance ? nil : .iq3S
            case .iq3M: .q4K
            case .q3KM: valueIndex < 2 ? .q5K : .q4K
            case .q3KL: .q5K
            case .iq4NL, .iq4XS: isGrouped ? .q5K : nil
            case .q4KM, .q5KM: hasMoreBits(valueIndex, of: valueCount) ? .q6K : nil
            case .q4KS: valueIndex < 4 ? .q5K : nil
            default: nil
            }
        let chosen = special ?? base
        // Eight heads share the values of the large models, so that more bits for them cost next to nothing.
        if traits.hasSharedValues, chosen == .q3K || chosen == .q4K { special = .q5K }
        return hasEightExperts ? .q80 : special
    }

    private var attentionKey: GGMLType? {
        if hasEightExperts { return type.isVeryLow ? .q4K : .q80 }
        return attentionQuery
    }

    private var attentionQuery: GGMLType? {
        switch type {
        case .iq3XS: .iq3XXS
        case .iq3XXS: .iq2S
        default: nil
        }
    }

    private var attentionOutput: GGMLType? {
        if type.isVeryLow {
            if hasEightExperts { return .q5K }
            switch type {
            case .iq1S, .iq1M: return .iq2XXS
            case .iq2S, .iq2M: return .iq3S
            default: return nil
            }
        }
        if traits.isFalcon { return type == .q3KL ? .q4K : nil }
        if hasEightExperts {
            switch type {
            case .q2K, .iq3XS, .iq3XXS, .q3KS, .q3KM, .iq4NL, .q4KS, .q4KM, .iq3S, .iq3M, .iq4XS: return .q5K
            default: return nil
            }
        }
        switch type {
        case .q2K: return .q3K
        case .iq3XXS: return .iq3S
        case .q3KM, .iq3M: return .q4K
        case .q3KL: return .q5K
        default: return nil
        }
    }

    // MARK: Feed-forward

    private mutating func feedForwardDown(_ tensor: TensorDescription) throws(QuantizationError) -> GGMLType?
    {
        let count = traits.blockCount
        if type.isVeryLow {
            // These count, where the others ask the name.
            defer { downIndex += 1 }
            guard downIndex < count / 8 else { return nil }
            return type.isUpperVeryLow ? .iq3S : .q2K
        }
        let layer = try layer(of: tensor, counted: downIndex)
        downIndex += 1
        let isEarly = layer < count / 8
        let hasMoreBits = hasMoreBits(layer, of: count)
        switch type {
        case .q2K: return .q3K
        case .q2KS: return isEarly ? .q4K : nil
        case .iq3XXS: return hasImportance ? nil : isEarly ? .q4K : .q3K
        case .q3KM:
            if layer < count / 16 { return .q5K }
            return !traits.isFalcon || hasMoreBits ? .q4K : .q3K
        case .iq3M: return isEarly || hasEightExperts && hasMoreBits ? .q4K : nil
        case .q3KL: return traits.isFalcon ? .q4K : .q5K
        case .q4KM:
            guard traits.isFalcon else { return hasMoreBits ? .q6K : nil }
            return layer < count / 16 ? .q6K : hasMoreBits ? .q5K : .q4K
        case .iq4NL, .iq4XS: return isEarly && !hasImportance ? .q5K : nil
        case .q5KM: return hasMoreBits ? .q6K : nil
        case .q4KS: return isEarly && !traits.isFalcon ? .q5K : nil
        case .q40: return isEarly && hasImportance ? .q41 : nil
        case .q50: return isEarly && hasImportance ? .q51 : nil
        default: return nil
        }
    }

    private func feedForward(
        _ tensor: TensorDescription, _ index: inout Int
    ) throws(QuantizationError) -> GGMLType? {
        guard !type.isVeryLow else { return nil }
        let count = traits.blockCount
        let layer = try layer(of: tensor, counted: index)
        index += 1
        return type == .iq3XS && layer >= count / 8 && layer < 7 * count / 8 ? .iq3XXS : nil
    }

    /// The block that a feed-forward tensor belongs to: counted, but in a model with experts read from its
    /// name.
    private func layer(
        of tensor: TensorDescription, counted: Int
    ) throws(QuantizationError) -> Int {
        guard traits.expertCount > 1 else { return counted }
        let block = tensor.blockNumber
        guard let block, (0..<max(0, traits.blockCount)).contains(block) else {
            throw QuantizationError(
                "tensor \(tensor.name.quotedForMessage) is of block \(block.map(String.init) ?? "none"), but "
                    + "a model with experts has its feed-forward tensors in blocks 0 to \(traits.blockCount - 1)",
                hint: "use --pure, which does not ask")
        }
        return block
    }

    /// Whether a block is of those that suffer most: the first and the last eighth, and every third between.
    private func hasMoreBits(_ layer: Int, of count: Int) -> Bool {
        let eighth = count / 8
        return layer < eighth || layer >= 7 * count / 8 || (layer - eighth) % 3 == 2
    }
}

extension ModelTraits {
    /// Whether it is of the old architecture of Falcon, whose tensors the reference gives types of their own.
    var isFalcon: Bool { architecture == "falcon" }

    /// How many heads share keys and values; 0 if there is no attention.
    var headsPerKeyValueHead: Int { keyValueHeadCount == 0 ? 0 : headCount / keyValueHeadCount }

    /// Whether it is of the size that llama.cpp calls 70B, by architecture and number of blocks, where eight
    /// heads share the values.
    var hasSharedValues: Bool {
        switch (architecture, blockCount - predictionBlockCount) {
        case ("llama", 80), ("llama-embed", 80): expertCount != 8 && headCount != keyValueHeadCount
        case ("qwen2", 80), ("deci", 80), ("olmo", 80), ("jais2", 68): true
        default: false
        }
    }
}
