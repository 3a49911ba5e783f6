/// Sums of squares that are the same however a tensor is cut into parts: pieces of rows are summed in one order, and
/// the pieces' sums without rounding.
package enum SquaredDifference {
    /// The elements of a piece, counted from the start of each row; the last piece of a row may have fewer.
    package static let piece = 256

    /// Adds the squares of the differences of numbers to a sum.
    /// - Parameters:
    ///   - original: what is right: whole rows, or whole pieces of one row.
    ///   - other: as many numbers that stand for them.
    ///   - weights: how much each column counts, `rowLength` numbers; empty where all count the same.
    ///   - rowLength: the elements of a row, or all that there are where they are pieces of one.
    ///   - factor: how much all of them count.
    /// - Returns: whether all sums were finite; otherwise nothing more is added.
    package static func add(
        _ original: Span<Float>, _ other: Span<Float>, weights: Span<Float>, rowLength: Int, factor: Double,
        to sum: inout ExactSum
    ) -> Bool {
        precondition(original.count == other.count && (weights.isEmpty || weights.count == rowLength))
        let kernels = ProcessorLevel.current.kernels.numbers
        var row = 0
        while row < original.count {
            let length = min(rowLength, original.count - row)
            var start = 0
            while start < length {
                let end = min(start + piece, length)
                let range = row + start..<row + end
                let part = kernels.sumOfSquares(
                    original.extracting(range), other.extracting(range),
                    weights: weights.isEmpty ? weights : weights.extracting(start..<end))
                let product = part * factor
                guard product.isFinite else { return false }
                sum.add(product)
                start = end
            }
            row += length
        }
        return true
    }

    /// Adds the squares of numbers to a sum; the parameters and the result are those of
    /// ``add(_:_:weights:rowLength:factor:to:)``.
    package static func addSquares(
        _ numbers: Span<Float>, weights: Span<Float>, rowLength: Int, factor: Double, to sum: inout ExactSum
    ) -> Bool {
        let zeros = [Float](repeating: 0, count: min(numbers.count, piece))
        var start = 0
        var isFinite = true
        while start < numbers.count {
            let length = min(rowLength, numbers.count - start)
            var column = 0
            while column < length {
                let end = min(column + piece, length)
                let part = numbers.extracting(start + column..<start + end)
                isFinite =
                    add(
                        part, zeros.span.extracting(0..<end - column),
                        weights: weights.isEmpty ? weights : weights.extracting(column..<end),
                        rowLength: end - column, factor: factor, to: &sum) && isFinite
                column = end
            }
            start += length
        }
        return isFinite
    }
}
