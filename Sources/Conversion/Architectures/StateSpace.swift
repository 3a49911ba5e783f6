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

    /// A name with the end of a layer's bias in the place of `dt_bias`, which stands alone in checkpoints.
    static func name(of tensor: String) -> String {
        guard let start = tensor.dropping(".dt_bias") else { return tensor }
        return start + ".dt_proj.bias"
    }
}
