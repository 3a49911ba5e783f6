import Formats
package import Tensors

/// Which tensors of a Hugging Face model are pruned: the matrices of its blocks that multiply activations.
package enum PrunableTensor {
    /// Words in names of what is never pruned unless it is named: embeddings, norms, routers.
    private static let keptWords = [
        "embed", "wte", "wpe", "norm", "ln_", "router", "rel_pos", "relative_attention_bias", "lora_",
    ]
    /// What the matrix is called that sends tokens to experts.
    private static let routers = ["gate", "shared_expert_gate"]
    /// Models whose matrices are stored with a column for each output (transformers' `Conv1D`).
    package static let transposedModels = ["gpt2", "openai-gpt", "imagegpt", "decision_transformer"]

    /// Whether a tensor is pruned.
    /// - Parameter named: tensors that are pruned whatever they are, if they are matrices of floats.
    package static func isPruned(
        _ name: String, shape: [Int], dtype: DType, named: [String]
    ) -> Bool {
        guard shape.count >= 2, shape.allSatisfy({ $0 > 0 }), CastType.isCast(dtype) else { return false }
        if named.containsExactly(name) { return true }
        let parts = name.split(separator: ".")
        // A number in the name is a block's: what is outside of blocks is at the model's ends.
        guard shape.count == 2, name.hasUTF8Suffix(".weight"), parts.contains(where: { Int($0) != nil }),
            !keptWords.contains(where: { name.containsUTF8($0) })
        else { return false }
        return !(parts.dropLast().last.map { routers.containsExactly(String($0)) } ?? false)
    }
}
