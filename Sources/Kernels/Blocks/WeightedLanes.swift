/// Goes through rows by blocks of 32, weighting numbers by the importance of their column and by how large they
/// are beside the row's other numbers: ggml's weights of Q4_0, Q4_1, Q5_0 and Q5_1.
/// - Parameters:
///   - search: gets the numbers of up to sixteen blocks, their weights, and room of the same size.
///   - write: gets a block's number, its 32 numbers, what was found for it and its neighbours, and its lane in that.
@inline(__always)
func forEachBlock<Found>(
    _ rows: Span<Float>, rowLength: Int, importance: Span<Float>,
    search: (Span<Lanes>, Span<Lanes>, inout MutableSpan<Lanes>) -> Found,
    write: (_ block: Int, _ values: Span<Float>, _ found: Found, _ lane: Int) -> Void
) {
    var room = SearchRoom()
    for start in stride(from: 0, to: rows.count, by: rowLength) {
        let row = rows.extracting(start..<start + rowLength)
        let meanSquare = sumOfSquares(row) / Float(rowLength)
        for column in stride(from: 0, to: rowLength, by: 512) {
            let count = min(16, (rowLength - column) / 32)
            var x = room.values.mutableSpan
            x.transposeBlocks(count) { Lanes(row, from: column &+ $0) }
            var w = room.weights.mutableSpan
            w.transposeBlocks(count) { Lanes(importance, from: column &+ $0) }
            for i in 0..<32 { w[i] = w[i] * (meanSquare + x[i] * x[i]).squareRoot() }
            var more = room.tried.mutableSpan
            let found = search(x.span, w.span, &more)
            for lane in 0..<count {
                let first = column + lane * 32
                write((start + first) / 32, row.extracting(first..<first + 32), found, lane)
            }
        }
    }
}

extension MutableSpan<Lanes> {
    /// Takes the numbers of up to sixteen blocks of 32 that follow one another; other lanes are zero.
    /// - Parameter sixteen: sixteen numbers from a place on, counted from the first block's first.
    @inline(__always)
    mutating func transposeBlocks(_ count: Int, _ sixteen: (Int) -> Lanes) {
        transpose(length: 32) { lane, place in lane < count ? sixteen(lane &* 32 &+ place) : Lanes() }
    }
}

extension MutableSpan<UInt8> {
    /// Writes 32 levels of five bits: four bytes of fifth bits, then the others, two a byte.
    @inline(__always)
    mutating func storeFiveBits(_ low: LaneBits, _ high: LaneBits, at place: Int) {
        store((low &>> 4).lowestBits, at: place)
        store((high &>> 4).lowestBits, at: place &+ 2)
        store(low & 15 | (high & 15) &<< 4, at: place &+ 4)
    }
}
