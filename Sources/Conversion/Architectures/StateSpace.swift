import Formats

/// What becomes of the tensors that layers with a state have: Mamba's, and the gated delta rule's.
enum StateSpace {
    /// How fast each head forgets, which checkpoints store as a logarithm: `-exp(A_log)`.
    static func decay(_ name: String, _ value: TensorValue) -> TensorValue {
        name.hasUTF8Suffix(".A_log") ? value.negatedExponential : value
    }

    /// The weights of a convolution without the dimension of one channel that torch has (`squeeze`).
    static func squeezed(_ name: String, _ value: TensorValue) -> TensorValue {
        guard name.containsUTF8("conv1d"), value.shape.contains(1) else { return value }
        var value = value
        value.shape.removeAll { $0 == 1 }
        return value
    }

    /// The weights of the three convolutions of KDA, of one channel each, as GGUF has them; any other tensor as it is.
    /// - Throws: where they are of more channels.
    static func channels(_ name: String, _ value: TensorValue) throws(ConversionError) -> TensorValue {
        guard ["q", "k", "v"].contains(where: { name.hasUTF8Suffix(".\($0)_conv1d.weight") }) else {
            return value
        }
        let shape = value.shape
        guard shape.count == 2 || shape.count == 3 && shape[1] == 1, let steps = shape.last else {
            throw .wrongShape(name, shape, "which is not that of one channel")
        }
        var value = value
        value.shape = [1, shape[0], 1, steps]
        return value
    }

    /// A name with the end of a layer's bias in the place of `dt_bias`, which stands alone in checkpoints.
    static func name(of tensor: String) -> String {
        guard let start = tensor.dropping(".dt_bias") else { return tensor }
        return start + ".dt_proj.bias"
    }
}
