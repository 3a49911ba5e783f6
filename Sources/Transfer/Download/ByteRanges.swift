/// A set of bytes of a file, as ranges that neither overlap nor touch.
struct ByteRanges: Equatable, Sendable {
    /// The ranges in their order.
    private(set) var ranges: [Range<Int>] = []

    /// No byte.
    init() {}

    /// How many bytes there are.
    var count: Int { ranges.reduce(0) { $0 + $1.count } }

    /// Adds a range, of which some may be there already.
    mutating func insert(_ range: Range<Int>) {
        guard !range.isEmpty else { return }
        let first = firstIndex { $0.upperBound >= range.lowerBound }
        let next = firstIndex { $0.lowerBound > range.upperBound }
        var joined = range
        if first < next {
            joined =
                min(
                    range.lowerBound, ranges[first].lowerBound)..<max(
                    range.upperBound, ranges[next - 1].upperBound)
        }
        ranges.replaceSubrange(first..<next, with: [joined])
    }

    /// Takes a range out.
    mutating func remove(_ range: Range<Int>) {
        guard !range.isEmpty else { return }
        let first = firstIndex { $0.upperBound > range.lowerBound }
        let next = firstIndex { $0.lowerBound >= range.upperBound }
        guard first < next else { return }
        var rest: [Range<Int>] = []
        if ranges[first].lowerBound < range.lowerBound {
            rest.append(ranges[first].lowerBound..<range.lowerBound)
        }
        if ranges[next - 1].upperBound > range.upperBound {
            rest.append(range.upperBound..<ranges[next - 1].upperBound)
        }
        ranges.replaceSubrange(first..<next, with: rest)
    }

    /// Whether all bytes of a range are there.
    func contains(_ range: Range<Int>) -> Bool {
        let index = firstIndex { $0.upperBound >= range.upperBound }
        return range.isEmpty || (index < ranges.count && ranges[index].lowerBound <= range.lowerBound)
    }

    /// Where the bytes end that are there from `position` on without a gap; `position` where that byte is missing.
    func end(from position: Int) -> Int {
        let index = firstIndex { $0.upperBound > position }
        guard index < ranges.count, ranges[index].lowerBound <= position else { return position }
        return ranges[index].upperBound
    }

    /// The first bytes from `position` on that are missing, up to `limit`; `nil` where none is.
    func firstGap(from position: Int, limit: Int) -> Range<Int>? {
        let start = end(from: position)
        guard start < limit else { return nil }
        let index = firstIndex { $0.lowerBound > start }
        return start..<min(limit, index < ranges.count ? ranges[index].lowerBound : limit)
    }

    /// The index of the first range for which something holds that holds for all after it, too.
    private func firstIndex(_ holds: (Range<Int>) -> Bool) -> Int {
        var (low, high) = (0, ranges.count)
        while low < high {
            let middle = (low + high) / 2
            if holds(ranges[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
