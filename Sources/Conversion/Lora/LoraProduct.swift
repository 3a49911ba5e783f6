/// The product of an adapter's two matrices, which is added to a weight.
///
/// Products are summed one after the other, each exact and the sum rounded to 32 bits, which is what processors'
/// fused multiply-add gives and PEFT gets from torch. It is done by way of 64 bits, so that it does not depend on the
/// machine; rounding twice makes another number of about one step in 2^29. The sum is then scaled and added to the
/// weight in 32 bits.
package struct LoraProduct: Sendable {
    /// How many rows the weight has.
    package let rows: Int
    /// How many columns the weight has.
    package let columns: Int
    private let rank: Int
    private let scale: Float
    /// Of `rows` by `rank` elements.
    private let left: [Float]
    /// Of `rank` by `columns` elements.
    private let right: [Float]

    /// Takes the matrices of a pair, row-major.
    /// - Parameters:
    ///   - a: of `rank` by columns elements.
    ///   - b: of rows by `rank` elements.
    ///   - isTransposed: whether the weight is the product's transpose, as of embeddings and of the layers whose
    ///     weights have a row for each input (`fan_in_fan_out`).
    /// - Returns: `nil` where the numbers of elements are others.
    package init?(_ pair: LoraAdapter.Pair, a: [Float], b: [Float], scale: Double, isTransposed: Bool) {
        guard a.count == pair.rank * pair.columns, b.count == pair.rows * pair.rank else { return nil }
        rank = pair.rank
        self.scale = Float(scale)
        if isTransposed {
            (rows, columns) = (pair.columns, pair.rows)
            left = Self.transposed(a, rows: pair.rank, columns: pair.columns)
            right = Self.transposed(b, rows: pair.rows, columns: pair.rank)
        } else {
            (rows, columns) = (pair.rows, pair.columns)
            left = b
            right = a
        }
    }

    private static func transposed(_ matrix: [Float], rows: Int, columns: Int) -> [Float] {
        var result = [Float](repeating: 0, count: matrix.count)
        for row in 0..<rows {
            for column in 0..<columns { result[column * rows + row] = matrix[row * columns + column] }
        }
        return result
    }

    /// Adds the scaled product to elements of the weight.
    /// - Parameter elements: which ones, counted from the first in row-major order; as many as `floats` has.
    package func add(to floats: inout MutableSpan<Float>, elements: Range<Int>) {
        var sums = [Float](repeating: 0, count: 512)
        var place = elements.lowerBound
        while place < elements.upperBound {
            let (row, column) = (place / columns, place % columns)
            let count = min(sums.count, columns - column, elements.upperBound - place)
            var span = sums.mutableSpan
            var room = span._mutatingExtracting(0..<count)
            sum(row, column, into: &room)
            let start = place - elements.lowerBound
            for index in 0..<count { floats[start + index] += room[index] * scale }
            place += count
        }
    }

    private func sum(_ row: Int, _ column: Int, into sums: inout MutableSpan<Float>) {
        for index in sums.indices { sums[index] = 0 }
        let (left, right) = (left.span, right.span)
        for step in 0..<rank {
            let factor = Double(left[row * rank + step])
            let part = right.extracting(step * columns + column..<step * columns + column + sums.count)
            for index in sums.indices {
                sums[index] = Float(Double(sums[index]) + factor * Double(part[index]))
            }
        }
    }
}
