import Formats

extension ChoiceProblem {
    /// A best choice for its size.
    package struct Point: Hashable, Sendable {
        /// The sum of the sizes.
        package let size: Int
        /// The sum of the costs.
        package let cost: Int

        /// States both.
        package init(size: Int, cost: Int) { (self.size, self.cost) = (size, cost) }
    }

    /// Choices from the smallest to the cheapest, none of which another one of its size beats: those that the linear
    /// relaxation goes through, whatever the capacity.
    /// - Parameter count: about how many are kept, at even distances; the first and the last always are.
    package func front(_ count: Int) -> [Point] {
        let reduced = items.map(ReducedItem.init)
        var steps: [(slope: Slope, item: Int, place: Int)] = []
        var (size, cost) = (0, 0)
        for (number, item) in reduced.enumerated() {
            guard let first = item.hull.first else { return [] }
            size = size.saturated(adding: item.options[first].size)
            cost = cost.saturated(adding: item.options[first].cost)
            for place in item.hull.indices.dropFirst() {
                let slope = Slope(
                    from: item.options[item.hull[place - 1]], to: item.options[item.hull[place]])
                steps.append((slope, number, place))
            }
        }
        steps.sort { left, right in
            if left.slope != right.slope { return right.slope < left.slope }
            return (left.item, left.place) < (right.item, right.place)
        }
        let grown = steps.reduce(0) { $0.saturated(adding: $1.slope.size) }
        let distance = max(1, grown / max(1, count - 1))
        var points = [Point(size: size, cost: cost)]
        for (number, step) in steps.enumerated() {
            size = size.saturated(adding: step.slope.size)
            cost -= step.slope.saving
            guard number == steps.count - 1 || size - (points.last?.size ?? 0) >= distance else { continue }
            points.append(Point(size: size, cost: cost))
        }
        return points
    }
}
