package import Conversion
package import Tensors

/// How much the relative error of a tensor's output counts, by what the tensor does: a table that is published and has
/// a version, which the lock states.
///
/// Errors of tensors add (Malinovskii et al. 2024, the linearity theorem), each with a factor that depends on the model
/// and has to be measured. Where nobody measured it, this table stands: what the same relative error in one tensor moves
/// the probabilities of the next token, compared with a block's `ffn_up`. It was measured on SmolLM2 135M and Gemma 3
/// 270M, one role after the other in Q4_0; the weights are the geometric means of the two, to eighths (docs/fit.md has the
/// figures of each). It is no measurement of another model.
package enum RoleWeights {
    /// The version of the table; goes up whenever a number in it changes.
    package static let version = 3
    /// The weights are whole numbers of these parts of 1.
    package static let denominator = 1024

    /// The weight of a tensor, in parts of ``denominator``.
    /// - Parameter isTied: whether the model has no output of its own, so that the token embeddings are both.
    package static func weight(of tensor: TensorDescription, isTied: Bool) -> Int {
        switch tensor.role {
        case .output: 22 * denominator
        case .tokenEmbedding: (isTied ? 24 : 2) * denominator
        case .attentionValue, .feedForwardDown: denominator * 11 / 8
        case .attentionOutput, .feedForwardGate: denominator * 3 / 8
        case .attentionQuery, .attentionKey: denominator / 4
        case .feedForwardUp, .other: denominator
        }
    }

    /// What a role is called: the part of the tensors' names that makes it.
    package static func name(of role: TensorRole) -> String {
        switch role {
        case .output: "output"
        case .tokenEmbedding: "token_embd"
        case .attentionValue: "attn_v"
        case .attentionOutput: "attn_output"
        case .attentionQuery: "attn_q"
        case .attentionKey: "attn_k"
        case .feedForwardUp: "ffn_up"
        case .feedForwardGate: "ffn_gate"
        case .feedForwardDown: "ffn_down"
        case .other: "other"
        }
    }
}
