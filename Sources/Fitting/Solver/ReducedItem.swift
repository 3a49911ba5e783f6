/// The options of an item that can be in a best choice: each larger one is cheaper.
struct ReducedItem {
    /// One of them.
    struct Option {
        /// What it takes of the capacity.
        let size: Int
        /// What it costs.
        let cost: Int
        /// Its place in the list that the problem has.
        let place: Int
    }

    /// The options, from the smallest and dearest to the largest and cheapest.
    let options: [Option]
    /// The places in ``options`` of those on the lower convex hull; the first and the last are.
    let hull: [Int]

    /// Leaves out what is dominated; of equal options the first stays.
    init(_ all: [ChoiceProblem.Option]) {
        let sorted = all.enumerated().sorted { left, right in
            (left.element.size, left.element.cost, left.offset)
                < (right.element.size, right.element.cost, right.offset)
        }
        var options: [Option] = []
        for (place, option) in sorted where option.cost < options.last?.cost ?? .max {
            if options.last?.size == option.size { continue }
            options.append(Option(size: option.size, cost: option.cost, place: place))
        }
        self.options = options
        var hull: [Int] = []
        for index in options.indices {
            while hull.count > 1 {
                let first = Slope(from: options[hull[hull.count - 2]], to: options[hull[hull.count - 1]])
                let second = Slope(from: options[hull[hull.count - 1]], to: options[index])
                // The middle one stays only where the saving for a size shrinks behind it.
                if second < first { break }
                hull.removeLast()
            }
            hull.append(index)
        }
        self.hull = hull
    }
}

/// What is saved for what is taken: a fraction of whole numbers, compared exactly.
struct Slope: Comparable {
    /// What is saved; not negative.
    let saving: Int
    /// What is taken for it; positive.
    let size: Int

    /// The slope between two options, of which the second is larger and cheaper.
    init(from small: ReducedItem.Option, to large: ReducedItem.Option) {
        self.init(saving: small.cost - large.cost, size: large.size - small.size)
    }

    /// States a fraction.
    init(saving: Int, size: Int) {
        self.saving = saving
        self.size = size
    }

    /// Whether less is saved for the same size.
    static func < (left: Slope, right: Slope) -> Bool {
        Int128(left.saving) * Int128(right.size) < Int128(right.saving) * Int128(left.size)
    }

    /// Whether the fractions have the same value.
    static func == (left: Slope, right: Slope) -> Bool {
        Int128(left.saving) * Int128(right.size) == Int128(right.saving) * Int128(left.size)
    }
}
