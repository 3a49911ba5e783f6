import Tensors

/// What keeps tensors from being converted, collected so that one message names them all.
struct PlanProblems {
    /// Tensors of types that cannot be read.
    var unconvertible: [TensorDescription] = []
    /// Tensors that are quantized already.
    var quantized: [TensorDescription] = []
    /// Tensors for which the importance matrix has another number of values.
    var mismatched: [(tensor: TensorDescription, count: Int)] = []
    /// Tensors that need importance and have none, with their types.
    var unimportant: [(tensor: TensorDescription, type: GGMLType)] = []

    /// One error for each kind of problem that there is, with the names of the tensors.
    /// - Parameter hasImportance: whether there is a matrix at all, which the message depends on.
    func errors(hasImportance: Bool) -> [QuantizationError] {
        var errors: [QuantizationError] = []
        if let first = unconvertible.first {
            errors.append(
                QuantizationError(
                    "tensors of type \(first.type.name) cannot be converted: \(Self.names(unconvertible))"))
        }
        if let first = quantized.first {
            errors.append(
                QuantizationError(
                    "\(Self.names(quantized)) would be quantized again from \(first.type.name), which costs quality",
                    hint: "start from a file of F16, BF16 or F32, or allow it with --allow-requantize"))
        }
        if let (tensor, count) = mismatched.first {
            errors.append(
                QuantizationError(
                    "the importance matrix does not fit: it has \(count) values for "
                        + "\(tensor.name.quotedForMessage), which has \(tensor.columns) columns and "
                        + "\(tensor.matrices) experts; so for \(mismatched.count) of the tensors",
                    hint: "use the matrix that was made from this model"))
        }
        if let (_, type) = unimportant.first {
            errors.append(
                QuantizationError(
                    "\(type.name) needs an importance matrix, and \(hasImportance ? "it has no values" : "none is given") "
                        + "for \(Self.names(unimportant.map(\.tensor)))",
                    hint:
                        "give one with --imatrix FILE (llama-imatrix makes it), or choose a type such as IQ3_S or Q2_K"
                ))
        }
        return errors
    }

    private static func names(_ tensors: [TensorDescription]) -> String { enumeration(tensors.map(\.name)) }
}
