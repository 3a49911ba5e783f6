package import Formats
package import Tensors

/// What a checkpoint's tensors are once its quantization is undone, as convert_hf_to_gguf.py of llama.cpp undoes it:
/// which tensors there are then, and what each is computed of.
package struct Dequantization: Sendable {
    /// A tensor of the checkpoint without quantization.
    package struct Tensor: Sendable {
        /// Name, shape and type.
        package let tensor: CheckpointTensor
        /// What it is.
        package let content: Content
        /// Factors of the whole tensor that are written beside it; `nil` where it has none.
        var factors: TensorFactors?

        /// Describes what a tensor becomes, and where its numbers come from.
        package init(_ tensor: CheckpointTensor, _ content: Content, _ factors: TensorFactors? = nil) {
            (self.tensor, self.content, self.factors) = (tensor, content, factors)
        }
    }

    /// What a tensor is.
    package enum Content: Sendable {
        /// A stored one as it is, by its place.
        case stored(Int)
        /// 32-bit floats that are computed.
        case computed(any DequantizedTensor)
        /// Blocks that are put in another order.
        case blocks(RepackedBlocks)
    }

    /// The tensors in the order in which they are converted.
    package private(set) var tensors: [Tensor] = []
    /// The type of blocks that the configuration states the weights are kept in; `nil` where they are plain numbers.
    package let keptType: GGMLType?
    /// Whether all is as it was stored.
    package let isEmpty: Bool

    /// The stored tensors whose content has to be known: small ones that say a shape, or a factor of a whole tensor.
    package static func needed(_ stored: [CheckpointTensor]) -> [Int] {
        stored.indices.filter { index in
            let tensor = stored[index]
            if tensor.name.hasUTF8Suffix(".weight_shape") {
                return tensor.shape == [2] && [.i64, .i32].contains(tensor.dtype)
            }
            return tensor.dtype.isReal && tensor.shape.allSatisfy { $0 == 1 }
                && TensorFactors.suffixes.contains { tensor.name.hasUTF8Suffix($0) }
        }
    }

    /// Decides.
    /// - Parameters:
    ///   - config: the model's configuration.
    ///   - files: its small files.
    ///   - stored: the tensors as they were saved, in the order in which they are converted.
    ///   - contents: of the tensors that ``needed(_:)`` names, the elements' bytes; `nil` where only names and shapes
    ///     are asked for.
    /// - Throws: where the method is one that cannot be undone, or a tensor is missing or has no fitting shape.
    package init(
        _ config: ModelConfig, _ files: ModelDocuments, _ stored: [CheckpointTensor],
        contents: [Int: [UInt8]]?
    ) throws(ConversionError) {
        // Its tensors say what they are, whatever the configuration states.
        let isDeepSeek4 = config.architecture.hasSameBytes(as: DeepSeek4.className)
        let scheme = isDeepSeek4 ? .none : try QuantizationScheme(config, files)
        if let parts = QuantizedParts(scheme) {
            let family = try? ArchitectureRegistry.family(of: config.architecture)
            let missing = QuantizedParts.missing([parts], stored) { name in
                family.map { $0.name(of: name) != nil } ?? true
            }
            if !missing.isEmpty { throw .missingTensors(missing) }
        }
        var work = DequantizationWork(stored, contents)
        switch scheme {
        case .none: break
        case .fp8(let block): try work.floats(block)
        case .gptq(let bits, let offset): try work.gptq(bits, zeroOffset: offset)
        case .bitnet: try work.ternary()
        case .scaled(let block): try work.scaled(block)
        case .packed(let bits, let group, _): try work.packed(bits, group)
        case .modelOptimizer: try work.modelOptimizer()
        case .nvfp4(let isCompressedTensors): try work.fourBits(isCompressedTensors)
        case .mxfp4: break
        }
        if config.architecture == "GptOssForCausalLM" { try work.experts() }
        if isDeepSeek4 { try work.deepSeek4() }
        if let end = scheme.scaleSuffix { try work.requireScales(end) }
        tensors = work.tensors
        switch scheme {
        case _ where isDeepSeek4: keptType = .mxfp4
        case .mxfp4: keptType = .mxfp4
        case .nvfp4: keptType = .nvfp4
        default: keptType = nil
        }
        isEmpty = work.isEmpty
    }
}
