/// Up to eight blocks of 32 numbers, one after the other in a row, with what each number counts.
struct WeightedLanes {
    /// The number of the first of the blocks.
    let block: Int
    /// How many of the lanes hold one; the others are zero.
    let count: Int
    /// Number i of lane k is number i of block k.
    var values = Lanes32(repeating: Lanes())
    var weights = Lanes32(repeating: Lanes())
}

/// Goes through rows by blocks of 32, weighting numbers by the importance of their column and by how large they
/// are beside the row's other numbers: ggml's weights of Q4_0, Q4_1, Q5_0 and Q5_1.
@inline(__always)
func forEachWeightedLanes(
    _ rows: Span<Float>, rowLength: Int, importance: Span<Float>, _ body: (borrowing WeightedLanes) -> Void
) {
    for start in stride(from: 0, to: rows.count, by: rowLength) {
        let row = rows.extracting(start..<start + rowLength)
        let meanSquare = sumOfSquares(row) / Float(rowLength)
        for column in stride(from: 0, to: rowLength, by: 256) {
            var lanes = WeightedLanes(
                block: (start + column) / 32, count: min(8, (rowLength - column) / 32))
            lanes.values = transposed32(row, from: column, lanes: lanes.count)
            let columns = transposed32(importance, from: column, lanes: lanes.count)
            for i in 0..<32 {
                let square = lanes.values[i] * lanes.values[i]
                lanes.weights[i] = columns[i] * (meanSquare + square).squareRoot()
            }
            body(lanes)
        }
    }
}

/// The numbers of up to eight blocks of 32 that lie one after the other.
@inline(__always)
func transposed32(_ values: Span<Float>, from start: Int, lanes count: Int) -> Lanes32 {
    guard count < 8 else { return transposed32(values, from: start) }
    var lanes = Lanes32(repeating: Lanes())
    for lane in 0..<count {
        let block = values.extracting(start + lane * 32..<start + lane * 32 + 32)
        for i in 0..<32 { lanes[i][lane] = block[i] }
    }
    return lanes
}

extension ScaleMinTrials {
    /// How ggml searches blocks of 32 with importances.
    static func forBlocks(most: Float) -> ScaleMinTrials {
        ScaleMinTrials(most: most, first: -0.9, delta: 0.05, steps: 36, isAbsolute: false)
    }
}

extension MutableSpan<UInt8> {
    /// Writes the 32 levels of a lane, plus a number, in halves of bytes.
    @inline(__always)
    mutating func storeHalves(
        _ levels: borrowing Lanes32, lane: Int, plus offset: Int32, at place: Int
    ) {
        for i in 0..<16 {
            let low = Int32(levels[i][lane]) &+ offset
            let high = Int32(levels[i &+ 16][lane]) &+ offset
            self[place &+ i] = UInt8(truncatingIfNeeded: low | high &<< 4)
        }
    }
}
