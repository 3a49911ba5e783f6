extension CodebookIndex {
    /// The near word with the least cost, the first of equally good ones; the first of all where no cost is finite,
    /// which the reference refuses to go on with.
    ///
    /// Sixteen words are compared at a time. Only for processors that have ``Lanes/hasLookup``.
    @inline(__always)
    func nearest<Shape: CodewordShape>(to code: Int32, _ tables: CostTables, _ shape: Shape.Type) -> Int32 {
        let near = near.span
        let code = Int(UInt16(truncatingIfNeeded: code))
        let start = Int(UInt32(bitPattern: starts[code]))
        let count = Int(counts[code])
        var best = Lanes(repeating: .greatestFiniteMagnitude)
        best.takeLess(Shape.costs(of: LaneBits(near, from: start), tables))
        guard count > Lanes.count else { return Int32(near[start &+ best.placeOfLeast]) }
        var places = LaneBits()
        for place in stride(from: Lanes.count, to: count, by: Lanes.count) {
            let costs = Shape.costs(of: LaneBits(near, from: start &+ place), tables)
            places = places.replacing(
                with: LaneBits(repeating: Int32(truncatingIfNeeded: place)), where: costs .< best)
            best.takeLess(costs)
        }
        // Of equal ones the one that comes first in the list.
        let all = places.array
        var equal = best.lanesOfLeast
        var found = Int.max
        repeat {
            let lane = equal.trailingZeroBitCount
            found = min(found, Int(all[lane]) &+ lane)
            equal &= equal &- 1
        } while equal != 0
        return Int32(near[start &+ found])
    }
}

/// The pairs of an element of a word and a level, of which each half of a word has sixteen.
struct WordPairs {
    private let values: (low: Lanes, high: Lanes)
    private let weights: (low: Lanes, high: Lanes)

    /// Puts numbers of a sub-block and how much each counts beside the levels that they are compared with.
    /// - Parameter count: how many of `values` and `weights` are the sub-block's.
    @inline(__always)
    init<Shape: CodewordShape>(
        _ shape: Shape.Type, _ word: Int, count: Int, values: Span<Float>, weights: Span<Float>
    ) {
        let first = word &* Shape.length
        let start = min(first, count &- Lanes.count)
        let places =
            LaneBits.numbers &>> Shape.levelBits
            &+ LaneBits(repeating: Int32(truncatingIfNeeded: first &- start))
        let later = places &+ LaneBits(repeating: Int32(truncatingIfNeeded: Shape.length / 2))
        let value = Lanes(values, from: start)
        let weight = Lanes(weights, from: start)
        self.values = (value[places], value[later])
        self.weights = (weight[places], weight[later])
    }

    /// The weighted error of each pair.
    /// - Parameter levels: what the levels of half a word stand for.
    @inline(__always)
    func costs(levels: Lanes) -> CostTables {
        let (low, high) = (levels - values.low, levels - values.high)
        return CostTables(low: weights.low * low * low, high: weights.high * high * high)
    }
}
