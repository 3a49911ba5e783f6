import Formats
import Tensors

/// Attention whose keys and values come out of a short vector for all heads (MLA), as several families have it.
enum LatentAttention {
    /// The matrices that make keys and values of the short vector, each head's apart, the keys' transposed, so that they
    /// can be multiplied with the queries instead.
    /// - Parameters:
    ///   - name: of the matrix that makes both, `….kv_b_proj.weight`.
    ///   - keys: the elements of a head's keys that are not rotated.
    ///   - values: the elements of a head's values.
    static func split(
        _ name: String, _ value: TensorValue, heads: Int, keys: Int, values: Int, _ names: TensorNames,
        _ architecture: String
    ) throws(ConversionError) -> [ConvertedTensor] {
        guard let view = value.view, view.shape.count == 2,
            let parts = view.split(axis: 0, into: [heads, keys + values]),
            let first = parts.sliced(axis: 1, 0..<keys),
            let second = parts.sliced(axis: 1, keys..<keys + values)
        else {
            throw .wrongShape(
                name, value.shape, "which has no rows for \(heads) heads of \(keys) and \(values) elements")
        }
        return [
            try names.renamed(
                name.replacingUTF8("kv_b_proj", with: "k_b_proj"), TensorValue(first.swapped(1, 2)),
                architecture),
            try names.renamed(
                name.replacingUTF8("kv_b_proj", with: "v_b_proj"), TensorValue(second), architecture),
        ]
    }

    /// What keys and values are made of, by their names in GGUF.
    static func sources(_ start: String) -> [ExactName: [String]] {
        let both = ["model.layers.*.\(start).kv_b_proj.weight"]
        return ["blk.*.attn_k_b.weight": both, "blk.*.attn_v_b.weight": both]
    }
}
