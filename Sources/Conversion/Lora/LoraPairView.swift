/// What becomes of the two matrices of a pair where their product's rows or columns are put in another order.
///
/// An architecture states of a weight where its elements go. Whole rows that move are rows of `B` that move, whole
/// columns are columns of `A`, and a transposed product is the product of the transposed, the other way round.
struct LoraPairView {
    /// `A` and `B` as they are written, for a weight that is a function of the pair's product.
    /// - Parameters:
    ///   - value: what the architecture made of a weight whose elements are the product's, in row-major order.
    ///   - pairs: by the place of the tensor in `value`'s views.
    /// - Returns: `nil` where elements move in other ways.
    static func matrices(
        of value: TensorValue, _ pairs: [LoraAdapter.Pair]
    ) -> (a: TensorValue, b: TensorValue)? {
        guard case .views(let views) = value.content, value.isPlain, !views.isEmpty else {
            return nil
        }
        var parts: [(a: TensorView, b: TensorView)] = []
        for view in views {
            guard pairs.indices.contains(view.tensor), let part = matrices(of: view, pairs[view.tensor])
            else {
                return nil
            }
            parts.append(part)
        }
        guard let first = parts.first, let rank = first.b.shape.last, let columns = value.shape.last else {
            return nil
        }
        if parts.count == 1 {
            return (
                TensorValue([first.a], shape: first.a.shape),
                TensorValue([first.b], shape: value.shape.dropLast() + [rank])
            )
        }
        // Experts become one tensor: each has an A and a B of its own.
        guard value.shape.count == 3, value.shape[0] == parts.count,
            parts.allSatisfy({ $0.a.shape == first.a.shape && $0.b.count == first.b.count })
        else { return nil }
        return (
            TensorValue(parts.map(\.a), shape: [parts.count, rank, columns]),
            TensorValue(parts.map(\.b), shape: [parts.count, value.shape[1], rank])
        )
    }

    private static func matrices(
        of view: TensorView, _ pair: LoraAdapter.Pair
    ) -> (a: TensorView, b: TensorView)? {
        let (rank, columns) = (pair.rank, pair.columns)
        let axes = zip(view.shape, view.strides).map { (length: $0, stride: $1) }
        let rowStart = view.offset / columns
        let columnStart = view.offset % columns
        let isRow = axes.map { $0.length > 1 && $0.stride >= columns && $0.stride.isMultiple(of: columns) }
        guard let last = axes.last else { return nil }
        // Whole rows, in any order; perhaps some of the columns.
        if isRow.last == false, isRow.dropLast().enumerated().allSatisfy({ $1 || axes[$0].length == 1 }),
            last.stride == 1, columnStart + last.length <= columns
        {
            let b = TensorView(
                tensor: pair.b, offset: rowStart * rank, shape: axes.dropLast().map(\.length) + [rank],
                strides: axes.dropLast().map { $0.stride / columns * rank } + [1])
            let a = TensorView(
                tensor: pair.a, offset: columnStart, shape: [rank, last.length], strides: [columns, 1])
            return (a, b)
        }
        // Transposed: the columns outermost.
        if axes.count == 2, axes[0].stride == 1, axes[0].length == columns, columnStart == 0, isRow[1] {
            let a = TensorView(
                tensor: pair.b, offset: rowStart * rank, shape: [rank, last.length],
                strides: [1, last.stride / columns * rank])
            let b = TensorView(
                tensor: pair.a, offset: 0, shape: [columns, rank], strides: [1, columns])
            return (a, b)
        }
        return nil
    }
}
