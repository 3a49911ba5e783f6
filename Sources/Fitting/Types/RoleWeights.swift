import Conversion
package import Tensors

/// How much the relative error of a tensor's output counts, by what the tensor does: a table that is published and has
/// a version, which the lock states.
///
/// Errors of tensors add (Malinovskii et al. 2024, the linearity theorem), each with a factor that depends on the model
/// and has to be measured. Where nobody measured it, this table stands: 1, and more where mixtures by experience, those
/// of llama.cpp among them, spend more bits. It is a judgement, not a measurement.
package enum RoleWeights {
    /// The version of the table; goes up whenever a number in it changes.
    package static let version = 1
    /// The weights are whole numbers of these parts of 1.
    package static let denominator = 8

    /// The weight of a tensor, in parts of ``denominator``.
    /// - Parameter isTied: whether the model has no output of its own, so that the token embeddings are both.
    package static func weight(of tensor: TensorDescription, isTied: Bool) -> Int {
        switch tensor.role {
        case .output: 16
        case .tokenEmbedding: isTied ? 24 : 12
        case .attentionValue: 16
        case .attentionOutput, .feedForwardDown: 12
        case .attentionQuery, .attentionKey, .feedForwardUp, .feedForwardGate, .other: 8
        }
    }
}
