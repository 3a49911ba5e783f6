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
        var row = 0
        while row < original.count {
            let length = min(rowLength, original.count - row)
            var start = 0
            while start < length {
                let end = min(start + piece, length)
                let range = row + start..<row + end
                let part = sumOfSquares(
                    original.extracting(range), other.extracting(range),
                    weights.isEmpty ? weights : weights.extracting(start..<end))
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

    /// The sum of a piece, in four sums side by side that are added in one order.
    private static func sumOfSquares(
        _ original: Span<Float>, _ other: Span<Float>, _ weights: Span<Float>
    ) -> Double {
        var (first, second, third, fourth) = (0.0, 0.0, 0.0, 0.0)
        let count = original.count
        func term(_ index: Int) -> Double {
            let difference = Double(original[index]) - Double(other[index])
            return difference * difference
        }
        var index = 0
        if weights.isEmpty {
            while index + 4 <= count {
                first += term(index)
                second += term(index + 1)
                third += term(index + 2)
                fourth += term(index + 3)
                index += 4
            }
            while index < count {
                first += term(index)
                index += 1
            }
        } else {
            while index < count {
                first += term(index) * Double(max(0, weights[index]))
                index += 1
            }
        }
        return (first + second) + (third + fourth)
    }
}
