package import Formats

extension LoraAdapter {
    /// What becomes of a weight of the base model when the adapter is merged into it.
    package enum Change: Hashable, Sendable {
        /// A pair's product is added.
        case product(Pair, scale: Double, isTransposed: Bool)
        /// A tensor of the adapter takes its place; by its place in ``LoraAdapter/tensors``.
        case replaced(Int)
    }

    /// Finds the weights of a base model that the adapter changes.
    ///
    /// The adapter names them as the program did that trained it, which may have a name in front that the base
    /// model's files leave out, or the other way round.
    /// - Parameter base: the base model's tensors.
    /// - Returns: the changes by the tensors' names.
    /// - Throws: where a weight is not there, or of another shape.
    package func changes(of base: [CheckpointTensor]) throws(ConversionError) -> [String: Change] {
        var shapes: [[UInt8]: CheckpointTensor] = [:]
        for tensor in base { shapes[Array(tensor.name.utf8)] = tensor }
        var changes: [String: Change] = [:]
        for pair in pairs {
            let tensor = try Self.find(pair.name, shapes)
            let isTransposed = pair.isEmbedding || config["fan_in_fan_out"]?.bool == true
            let shape = isTransposed ? [pair.columns, pair.rows] : [pair.rows, pair.columns]
            guard tensor.shape == shape else { throw Self.wrongShape(tensor, shape) }
            changes[tensor.name] = .product(pair, scale: try scale(of: pair), isTransposed: isTransposed)
        }
        for own in whole {
            let tensor = try Self.find(own.name, shapes)
            guard tensor.shape == tensors[own.index].shape else {
                throw Self.wrongShape(tensor, tensors[own.index].shape)
            }
            changes[tensor.name] = .replaced(own.index)
        }
        return changes
    }

    private static func find(
        _ name: String, _ tensors: [[UInt8]: CheckpointTensor]
    ) throws(ConversionError) -> CheckpointTensor {
        if let tensor = tensors[Array(name.utf8)] { return tensor }
        let prefixes = ["model.", "transformer.", "bert.", "roberta.", "gpt_neox.", "language_model."]
        for prefix in prefixes {
            if let tensor = tensors[Array((prefix + name).utf8)] { return tensor }
            if name.hasUTF8Prefix(prefix),
                let tensor = tensors[Array(name.utf8.dropFirst(prefix.utf8.count))]
            {
                return tensor
            }
        }
        throw ConversionError(
            "adapter-target", "the adapter changes \"\(name)\", which the base model does not have",
            fix:
                "see that the adapter was trained for this model (base_model_name_or_path in adapter_config.json)"
        )
    }

    private static func wrongShape(_ tensor: CheckpointTensor, _ shape: [Int]) -> ConversionError {
        ConversionError(
            "adapter-target",
            "the adapter changes \"\(tensor.name)\" as a weight of \(shape), and the base model's is \(tensor.shape)",
            fix:
                "see that the adapter was trained for this model (base_model_name_or_path in adapter_config.json)"
        )
    }
}
