/// Up to eight blocks of 32 numbers, one after the other, whose numbers are in lanes.
package struct BlockLanes {
    /// The number of the first block.
    let first: Int
    /// How many of the lanes hold one; the others are zero.
    let count: Int
}

/// Goes through rows by blocks of 32, weighting numbers by the importance of their column and by how large they
/// are beside the row's other numbers: ggml's weights of Q4_0, Q4_1, Q5_0 and Q5_1.
/// - Parameter body: gets the place, the numbers, their weights, and twice room of the same size.
@inline(__always)
func forEachBlockLanes(
    _ rows: Span<Float>, rowLength: Int, importance: Span<Float>,
    _ body: (
        BlockLanes, Span<Lanes>, Span<Lanes>, inout MutableSpan<Lanes>, inout MutableSpan<Lanes>
    ) -> Void
) {
    var values = [Lanes](repeating: Lanes(), count: 32)
    var (weights, levels, tried) = (values, values, values)
    for start in stride(from: 0, to: rows.count, by: rowLength) {
        let row = rows.extracting(start..<start + rowLength)
        let meanSquare = sumOfSquares(row) / Float(rowLength)
        for column in stride(from: 0, to: rowLength, by: 256) {
            let place = BlockLanes(
                first: (start + column) / 32, count: min(8, (rowLength - column) / 32))
            var x = values.mutableSpan
            x.transposeBlocks(row, from: column, count: place.count)
            var w = weights.mutableSpan
            w.transposeBlocks(importance, from: column, count: place.count)
            for i in 0..<32 { w[i] = w[i] * (meanSquare + x[i] * x[i]).squareRoot() }
            var room = levels.mutableSpan
            var more = tried.mutableSpan
            body(place, x.span, w.span, &room, &more)
        }
    }
}

extension MutableSpan<Lanes> {
    /// Takes the numbers of up to eight blocks of 32 that follow one another; other lanes are zero.
    @inline(__always)
    mutating func transposeBlocks(_ values: Span<Float>, from start: Int, count blocks: Int) {
        let part = values.extracting(start..<start + blocks * 32)
        if blocks == 8 { return transpose(part, length: 32) }
        for i in 0..<32 {
            var lanes = Lanes()
            for lane in 0..<blocks { lanes[lane] = part[lane &* 32 &+ i] }
            self[i] = lanes
        }
    }
}

extension MutableSpan<UInt8> {
    /// Writes the levels of lanes into blocks of `size` bytes, the lower four bits in halves of bytes.
    /// - Parameters:
    ///   - offset: what makes levels whole numbers from 0 on.
    ///   - place: where halves of bytes are in a block.
    ///   - fifth: where fifth bits are stored.
    @inline(__always)
    package mutating func store(
        _ levels: Span<Lanes>, plus offset: Float, _ lanes: BlockLanes, size: Int, at place: Int,
        fifthBitsAt fifth: Int? = nil
    ) {
        var bits = SIMD8<UInt32>()
        for i in 0..<16 {
            let low = (levels[i] + offset).bytes
            let high = (levels[i &+ 16] + offset).bytes
            let position = UInt32(truncatingIfNeeded: i)
            bits |= SIMD8<UInt32>(truncatingIfNeeded: (low &>> 4) & 1) &<< position
            bits |= SIMD8<UInt32>(truncatingIfNeeded: (high &>> 4) & 1) &<< (position &+ 16)
            let bytes = low & 15 | high &<< 4
            for lane in 0..<lanes.count {
                self[(lanes.first &+ lane) &* size &+ place &+ i] = bytes[lane]
            }
        }
        guard let fifth else { return }
        for lane in 0..<lanes.count { store(bits[lane], at: (lanes.first &+ lane) &* size &+ fifth) }
    }

    /// Writes a number of each lane in binary16.
    @inline(__always)
    mutating func storeHalves(_ numbers: Lanes, _ lanes: BlockLanes, size: Int, at place: Int) {
        for lane in 0..<lanes.count {
            _ = storeHalf(numbers[lane], at: (lanes.first &+ lane) &* size &+ place)
        }
    }
}
