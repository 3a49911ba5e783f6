extension String {
    /// The text for a message: in quotes, without control characters, and cut, so that a hostile name
    /// cannot fill the screen.
    package var quoted: String {
        let isLong = unicodeScalars.dropFirst(120).first != nil
        return JSON.string(isLong ? String(unicodeScalars.prefix(120)) + "…" : self).compactText
    }
}

/// Checks that ranges of bytes, each with a place of its own to blame, do not overlap.
/// Empty ranges overlap nothing.
package func firstOverlap(of ranges: [Range<Int>]) -> (index: Int, end: Int)? {
    var order = Array(ranges.indices)
    func isInOrder(_ left: Int, _ right: Int) -> Bool {
        (ranges[left].lowerBound, left) <= (ranges[right].lowerBound, right)
    }
    // Nearly every writer has them in order, and sorting would be the slowest part of all.
    if zip(order, order.dropFirst()).contains(where: { !isInOrder($0, $1) }) {
        order.sort { !isInOrder($1, $0) }
    }
    var end = 0
    for index in order where !ranges[index].isEmpty {
        if ranges[index].lowerBound < end { return (index, end) }
        end = ranges[index].upperBound
    }
    return nil
}
