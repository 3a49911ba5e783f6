import Formats

/// Queries, keys and values that a checkpoint has as one tensor.
struct FusedAttention: Sendable {
    /// The parts, each with rows for one head after the other's.
    let queries: TensorView
    /// The keys' part.
    let keys: TensorView
    /// The values' part.
    let values: TensorView

    /// Takes a tensor apart whose rows are so many groups of heads, a group `queries` heads of queries, then one of
    /// keys and one of values. Views of three dimensions and more: groups, heads, rows of a head, and so on.
    /// - Throws: where the rows are not those of `width` elements for each.
    init(
        _ name: String, _ value: TensorValue, groups: Int, queries: Int, length: Int
    ) throws(ConversionError) {
        guard let view = value.view, queries > 0, length > 0,
            let parts = view.split(axis: 0, into: [groups, queries + 2, length]),
            let first = parts.sliced(axis: 1, 0..<queries),
            let second = parts.sliced(axis: 1, queries..<queries + 1),
            let third = parts.sliced(axis: 1, queries + 1..<queries + 2)
        else {
            throw ConversionError.wrongShape(
                name, value.shape,
                "which is not divisible into \(groups) groups of \(queries) + 2 heads with \(length) rows each"
            )
        }
        self.queries = first
        keys = second
        values = third
    }

    /// All queries, then all keys, then all values, in the shape of the whole.
    func sorted(_ value: TensorValue) -> TensorValue {
        TensorValue([queries, keys, values], shape: value.shape)
    }

    /// One part in the form of the whole: a matrix, or a bias.
    func part(_ view: TensorView, of value: TensorValue) -> TensorValue {
        let width = value.shape.dropFirst().reduce(1, &*)
        return TensorValue([view], shape: [width == 0 ? 0 : view.count / width] + value.shape.dropFirst())
    }
}
