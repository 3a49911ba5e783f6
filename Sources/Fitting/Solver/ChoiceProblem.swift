/// A multiple-choice knapsack: exactly one option of every item is taken, so that the sizes are within a capacity and
/// the sum of the costs is least.
///
/// All numbers are whole, so that nothing depends on a machine, and equal problems have equal solutions.
package struct ChoiceProblem: Sendable {
    /// One way to take an item.
    package struct Option: Hashable, Sendable {
        /// What it takes of the capacity; not negative.
        package let size: Int
        /// What it costs; not negative.
        package let cost: Int

        /// States size and cost.
        package init(size: Int, cost: Int) {
            self.size = size
            self.cost = cost
        }
    }

    /// What sizes may add up to: products with costs are kept in 128 bits.
    package static let greatestSize = 1 << 56
    /// What costs may add up to.
    package static let greatestCost = 1 << 61

    /// The options of every item, in any order; an item has at least one.
    package let items: [[Option]]
    /// What the sizes of the options that are taken may add up to.
    package let capacity: Int

    /// States a problem; nothing is computed.
    package init(items: [[Option]], capacity: Int) {
        self.items = items
        self.capacity = capacity
    }
}

/// What is taken, and how good that is.
package struct ChoiceSolution: Equatable, Sendable {
    /// The option of every item, by its place in the item's list.
    package let choices: [Int]
    /// The sum of the sizes.
    package let size: Int
    /// The sum of the costs.
    package let cost: Int
    /// What no choice within the capacity costs less than; equal to ``cost`` where the choice is proved to be the best.
    package let bound: Int
    /// What the linear relaxation costs, rounded up: the bound before any search.
    package let relaxation: Int

    /// What a better choice could save at most; 0 where this one is proved to be the best.
    package var gap: Int { cost - bound }
}

/// Why there is no choice.
package enum ChoiceFailure: Error, Equatable {
    /// The smallest options together are larger than the capacity.
    case tooSmall(least: Int)
    /// An item has no option, a number is negative, or they add up to more than is allowed.
    case unsuitable
}
