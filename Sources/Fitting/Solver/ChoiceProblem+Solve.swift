extension ChoiceProblem {
    /// After how many sums of the search it stops: about a second.
    package static let usualEffort = 12_000_000

    /// Finds the best choice, or after the effort that is stated the best known, with a bound for what is better.
    ///
    /// The linear relaxation gives a choice and a bound; dynamic programming near the step that did not fit any more
    /// closes the gap between them. Of equally good choices the same one is found every time: items are looked at in
    /// their order.
    /// - Parameter effort: after how many sums the search stops.
    /// - Throws: where no choice is within the capacity.
    package func solve(effort: Int = usualEffort) throws(ChoiceFailure) -> ChoiceSolution {
        try check()
        let reduced = items.map(ReducedItem.init)
        let least = reduced.reduce(0) { $0 + ($1.options.first?.size ?? 0) }
        guard least <= capacity else { throw .tooSmall(least: least) }
        // Sizes are multiples of a file's alignment: what of the capacity no sum of them reaches would blur the bound.
        let step = Self.step(reduced)
        let capacity = least + (capacity - least) / step * step
        let relaxation = Relaxation(reduced, capacity: capacity)
        let lowest = relaxation.bound(capacity: capacity)
        var (choices, cost, bound) = (relaxation.rounded, relaxation.roundedCost, lowest)
        if let slope = relaxation.breakSlope, cost > lowest {
            var search = CoreSearch(reduced, relaxation, breakSlope: slope, capacity: capacity)
            (choices, cost, bound) = search.run(effort: effort)
        }
        let taken = zip(reduced, choices).map { $0.options[$1] }
        return ChoiceSolution(
            choices: taken.map(\.place), size: taken.reduce(0) { $0 + $1.size }, cost: cost,
            bound: max(bound, lowest), relaxation: lowest)
    }

    /// What all differences of an item's sizes are multiples of, at least 1.
    private static func step(_ items: [ReducedItem]) -> Int {
        var step = 0
        for item in items {
            for option in item.options {
                var (large, small) = (step, option.size - (item.options.first?.size ?? 0))
                while small != 0 { (large, small) = (small, large % small) }
                step = large
                if step == 1 { return 1 }
            }
        }
        return max(1, step)
    }

    /// Refuses what the arithmetic is not made for.
    private func check() throws(ChoiceFailure) {
        var (size, cost) = (0, 0)
        for item in items {
            guard let largest = item.map(\.size).max(), let dearest = item.map(\.cost).max(),
                item.allSatisfy({ $0.size >= 0 && $0.cost >= 0 }), item.count < Int(Int16.max),
                largest <= Self.greatestSize - size, dearest <= Self.greatestCost - cost
            else { throw .unsuitable }
            size += largest
            cost += dearest
        }
    }
}
