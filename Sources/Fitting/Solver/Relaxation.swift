/// The linear relaxation of a problem: options may be mixed, so that a greedy walk along the hulls finds the optimum.
struct Relaxation {
    /// The option of each item before the step that does not fit any more, by its place among the reduced ones.
    private(set) var base: [Int]
    /// The sum of the sizes of ``base``.
    private(set) var size = 0
    /// The sum of the costs of ``base``.
    private(set) var cost = 0
    /// The step that does not fit any more; `nil` where everything fits, and ``base`` is the best choice.
    private(set) var breakSlope: Slope?
    /// A choice within the capacity, made by going on with the steps that still fit.
    private(set) var rounded: [Int]
    /// What the rounded choice costs.
    private(set) var roundedCost = 0

    private struct Step {
        let item: Int
        /// The place of the option that it leads to in the item's hull.
        let place: Int
        let slope: Slope
    }

    /// Walks.
    /// - Parameter items: whose smallest options are within the capacity together.
    init(_ items: [ReducedItem], capacity: Int) {
        base = items.map { $0.hull.first ?? 0 }
        rounded = base
        var steps: [Step] = []
        for (number, item) in items.enumerated() {
            size += item.options[base[number]].size
            cost += item.options[base[number]].cost
            for place in item.hull.indices.dropFirst() {
                let slope = Slope(
                    from: item.options[item.hull[place - 1]], to: item.options[item.hull[place]])
                steps.append(Step(item: number, place: place, slope: slope))
            }
        }
        // Steps that save most come first; of one item they are in order already, as slopes shrink along a hull.
        steps.sort { left, right in
            if left.slope != right.slope { return right.slope < left.slope }
            return (left.item, left.place) < (right.item, right.place)
        }
        var blocked = [Bool](repeating: false, count: items.count)
        var (roundedSize, walked) = (size, cost)
        rounded = base
        for step in steps {
            let item = items[step.item]
            if blocked[step.item] { continue }
            guard step.slope.size <= capacity - roundedSize else {
                blocked[step.item] = true
                if breakSlope == nil {
                    breakSlope = step.slope
                    (base, size, cost) = (rounded, roundedSize, walked)
                }
                continue
            }
            rounded[step.item] = item.hull[step.place]
            roundedSize += step.slope.size
            walked -= step.slope.saving
        }
        if breakSlope == nil { (base, size, cost) = (rounded, roundedSize, walked) }
        roundedCost = walked
    }

    /// What no choice costs less than, rounded up.
    func bound(capacity: Int) -> Int {
        guard let slope = breakSlope else { return cost }
        return cost - Int(Int128(capacity - size) * Int128(slope.saving) / Int128(slope.size))
    }
}
