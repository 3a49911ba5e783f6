/// A rectangle, in the units of the drawing.
package struct Box: Equatable, Sendable {
    /// The left edge.
    package var x: Double
    /// The upper edge.
    package var y: Double
    /// The width.
    package var width: Double
    /// The height.
    package var height: Double

    /// Names the left upper corner and the extent.
    package init(x: Double, y: Double, width: Double, height: Double) {
        (self.x, self.y, self.width, self.height) = (x, y, width, height)
    }

    /// The area.
    package var area: Double { width * height }

    /// The same box without margins; never of a negative extent.
    func inset(top: Double, sides: Double) -> Box {
        Box(
            x: x + sides, y: y + top, width: max(0, width - 2 * sides),
            height: max(0, height - top - sides))
    }
}

/// Divides a box into boxes whose areas are as sizes, none much longer than wide.
///
/// Squarified treemaps: Bruls, Huizing, van Wijk, "Squarified Treemaps" (2000). Only additions, multiplications, divisions and
/// comparisons of IEEE doubles in a fixed order: the same boxes on every machine.
package enum Squarified {
    /// - Parameters:
    ///   - sizes: not negative, the largest first; those of 0 get an empty box.
    ///   - box: what is divided.
    /// - Returns: a box for each size, in the same order; together they fill `box` if any size is above 0.
    package static func boxes(_ sizes: [Int], in box: Box) -> [Box] {
        let total = sizes.reduce(0.0) { $0 + Double(max(0, $1)) }
        let empty = Box(x: box.x, y: box.y, width: 0, height: 0)
        guard total > 0, box.width > 0, box.height > 0 else { return sizes.map { _ in empty } }
        let scale = box.area / total
        let areas = sizes.map { Double(max(0, $0)) * scale }
        let last = areas.lastIndex { $0 > 0 } ?? 0
        var result: [Box] = []
        result.reserveCapacity(sizes.count)
        var rest = box
        var start = 0
        while start <= last {
            let side = min(rest.width, rest.height)
            var end = start + 1
            var sum = areas[start]
            var worst = ratio(largest: areas[start], smallest: areas[start], sum: sum, side: side)
            while end <= last {
                let next = ratio(
                    largest: areas[start], smallest: areas[end], sum: sum + areas[end], side: side)
                guard next <= worst else { break }
                worst = next
                sum += areas[end]
                end += 1
            }
            place(areas[start..<end], sum: sum, isLast: end > last, in: &rest, into: &result)
            start = end
        }
        while result.count < sizes.count { result.append(empty) }
        return result
    }

    /// The worst ratio of sides in a row: of its largest or its smallest box.
    private static func ratio(largest: Double, smallest: Double, sum: Double, side: Double) -> Double {
        guard smallest > 0, side > 0 else { return .infinity }
        let square = side * side
        return max(square * largest / (sum * sum), sum * sum / (square * smallest))
    }

    /// Puts a row along the shorter side, and takes its room away.
    private static func place(
        _ row: ArraySlice<Double>, sum: Double, isLast: Bool, in rest: inout Box, into result: inout [Box]
    ) {
        let isColumn = rest.width >= rest.height
        let side = isColumn ? rest.height : rest.width
        // The last row takes what is left, so that rounding leaves no gap.
        let depth = isLast ? (isColumn ? rest.width : rest.height) : (side > 0 ? sum / side : 0)
        var position = isColumn ? rest.y : rest.x
        for area in row {
            let length = sum > 0 ? side * (area / sum) : 0
            result.append(
                isColumn
                    ? Box(x: rest.x, y: position, width: depth, height: length)
                    : Box(x: position, y: rest.y, width: length, height: depth))
            position += length
        }
        if isColumn {
            rest = Box(x: rest.x + depth, y: rest.y, width: max(0, rest.width - depth), height: rest.height)
        } else {
            rest = Box(x: rest.x, y: rest.y + depth, width: rest.width, height: max(0, rest.height - depth))
        }
    }
}
