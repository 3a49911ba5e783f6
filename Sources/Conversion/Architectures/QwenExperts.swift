import Formats

/// The experts of Qwen's kind, which checkpoints have one by one or, since transformers 5, as one tensor a block.
struct QwenExperts: Sendable {
    private var stacks: ExpertStacks

    /// Takes the number of experts of a block from `num_local_experts` or `num_experts`.
    /// - Throws: ``ConversionError`` where neither is a size.
    init(_ config: ModelConfig) throws(ConversionError) {
        stacks = ExpertStacks(
            count: try config.size("num_local_experts", "num_experts"),
            parts: ["down_proj", "gate_proj", "up_proj"],
            path: "mlp.experts")
    }

    /// The tensors that are whole after this one, named as a stack of `mlp.experts` is.
    mutating func add(
        _ name: String, _ value: TensorValue
    ) throws(ConversionError) -> [(name: String, value: TensorValue)] {
        let base =
            name.hasUTF8Suffix(".weight") ? String(decoding: name.utf8.dropLast(7), as: UTF8.self) : name
        if base.hasUTF8Suffix("mlp.experts.down_proj") { return [(base + ".weight", value)] }
        if base.hasUTF8Suffix("mlp.experts.gate_up_proj") {
            let prefix = String(decoding: base.utf8.dropLast("gate_up_proj".utf8.count), as: UTF8.self)
            let (gate, up) = try Self.halves(name, value)
            return [("\(prefix)gate_proj.weight", gate), ("\(prefix)up_proj.weight", up)]
        }
        return try stacks.add(name, value) ?? [(name, value)]
    }

    /// The two halves of the rows of every expert.
    private static func halves(
        _ name: String, _ value: TensorValue
    ) throws(ConversionError) -> (TensorValue, TensorValue) {
        let axis = value.shape.count - 2
        guard axis >= 1, value.shape[axis].isMultiple(of: 2), let view = value.view,
            let first = view.sliced(axis: axis, 0..<value.shape[axis] / 2),
            let second = view.sliced(axis: axis, value.shape[axis] / 2..<value.shape[axis])
        else { throw ConversionError.wrongShape(name, value.shape, "which has no two halves") }
        return (TensorValue(first), TensorValue(second))
    }

    /// Looks at what is left.
    /// - Throws: where a stack is not whole.
    func finish() throws(ConversionError) { try stacks.finish() }
}
