import Formats

/// The heads of a model of Llama's kind, whose rotations GGUF wants of neighbouring rows, while transformers turns
/// the first half of a head's rows against the second.
struct RotaryHeads: Sendable {
    /// The number of heads of queries.
    let count: Int
    /// The number of heads of keys and values.
    let keyCount: Int
    /// The number of elements of a head.
    let length: Int

    /// Reads the numbers of heads; without one for keys and values there are as many as for queries.
    /// - Throws: ``ConversionError`` where a number is missing or not above 0.
    init(_ config: ModelConfig) throws(ConversionError) {
        count = try config.size("n_heads", "num_attention_heads")
        keyCount = try config.integerIfPresent("n_kv_heads", "num_key_value_heads") ?? count
        guard keyCount > 0 else { throw ModelConfig.missing(["num_key_value_heads"]) }
        length = try config.headLength()
    }

    /// A tensor with its rows in GGUF's order where it makes queries or keys: row `h·d + 2j + b` is what row
    /// `h·d + b·(d/2) + j` was, for `d` rows a head. Others as they are.
    func interleaved(_ name: String, _ value: TensorValue) throws(ConversionError) -> TensorValue {
        if ["q_proj.weight", "q_proj.bias"].contains(where: { name.hasUTF8Suffix($0) }) {
            return try Self.interleaved(name, value, heads: count)
        }
        if ["k_proj.weight", "k_proj.bias"].contains(where: { name.hasUTF8Suffix($0) }) {
            return try Self.interleaved(name, value, heads: keyCount)
        }
        return value
    }

    /// A tensor whose rows are those of so many heads, interleaved.
    static func interleaved(
        _ name: String, _ value: TensorValue, heads: Int
    ) throws(ConversionError) -> TensorValue {
        guard let view = value.view, let rows = value.shape.first, heads > 0, rows.isMultiple(of: 2 * heads),
            let parts = view.split(axis: 0, into: [heads, 2, rows / heads / 2])
        else {
            throw ConversionError.wrongShape(name, value.shape, "which is not divisible into \(heads) heads")
        }
        return TensorValue([parts.swapped(1, 2)], shape: value.shape)
    }
}
