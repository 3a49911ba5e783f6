import Fitting
import TestSupport
import Testing

/// The solver of the multiple-choice knapsack.
struct ChoiceProblemTests {
    /// The least cost within the capacity by trying every choice; `nil` where none is within it.
    private func bruteForce(_ problem: ChoiceProblem) -> Int? {
        var reached = [0: 0]
        for item in problem.items {
            var next: [Int: Int] = [:]
            for (size, cost) in reached {
                for option in item where size + option.size <= problem.capacity {
                    let (newSize, newCost) = (size + option.size, cost + option.cost)
                    next[newSize] = min(next[newSize] ?? .max, newCost)
                }
            }
            reached = next
        }
        return reached.values.min()
    }

    private func problem(
        items: Int, options: Int, sizes: ClosedRange<Int>, costs: ClosedRange<Int>, share: Double,
        _ random: inout SeededGenerator
    ) -> ChoiceProblem {
        let items = (0..<items).map { _ in
            (0..<Int.random(in: 1...options, using: &random)).map { _ in
                ChoiceProblem.Option(
                    size: Int.random(in: sizes, using: &random), cost: Int.random(in: costs, using: &random))
            }
        }
        let least = items.reduce(0) { $0 + ($1.map(\.size).min() ?? 0) }
        let most = items.reduce(0) { $0 + ($1.map(\.size).max() ?? 0) }
        return ChoiceProblem(items: items, capacity: least + Int(Double(most - least) * share))
    }

    @Test func equalsBruteForceOnAThousandSmallProblems() throws {
        for seed in 0..<1000 {
            var random = SeededGenerator(seed: UInt64(seed))
            let width = [3, 30, 1000][seed % 3]
            let problem = problem(
                items: 1 + seed % 9, options: 6, sizes: 0...width, costs: 0...[5, 1000][seed % 2],
                share: Double(seed % 11) / 10, &random)
            let solution = try problem.solve()
            let size = zip(problem.items, solution.choices).reduce(0) { $0 + $1.0[$1.1].size }
            let cost = zip(problem.items, solution.choices).reduce(0) { $0 + $1.0[$1.1].cost }
            #expect(solution.cost == bruteForce(problem), "seed \(seed)")
            #expect(
                cost == solution.cost && size == solution.size && size <= problem.capacity, "seed \(seed)")
            #expect(solution.gap == 0, "seed \(seed)")
            #expect(solution.relaxation <= solution.cost, "seed \(seed)")
        }
    }

    @Test func saysTheLeastSizeWhereNothingIsWithinTheCapacity() {
        let items = [
            [ChoiceProblem.Option(size: 5, cost: 1), .init(size: 3, cost: 9)], [.init(size: 4, cost: 0)],
        ]
        #expect(throws: ChoiceFailure.tooSmall(least: 7)) {
            try ChoiceProblem(items: items, capacity: 6).solve()
        }
        #expect(throws: ChoiceFailure.unsuitable) { try ChoiceProblem(items: [[]], capacity: 6).solve() }
        #expect(throws: ChoiceFailure.unsuitable) {
            try ChoiceProblem(items: [[.init(size: .max, cost: 0)]], capacity: 6).solve()
        }
        #expect(throws: ChoiceFailure.unsuitable) {
            try ChoiceProblem(items: [[.init(size: 1, cost: -1)]], capacity: 6).solve()
        }
    }

    @Test func takesTheFirstOfEqualOptions() throws {
        let item = [ChoiceProblem.Option(size: 2, cost: 3), .init(size: 2, cost: 3), .init(size: 1, cost: 8)]
        let solution = try ChoiceProblem(items: [item, item], capacity: 3).solve()
        #expect(solution.choices == [0, 2] || solution.choices == [2, 0])
        #expect(try ChoiceProblem(items: [item, item], capacity: 3).solve() == solution)
    }

    /// Costs that shrink by a quarter for each bit, as those of a quantization do, with shapes as in a model.
    private func model(items: Int, types: Int, share: Double, noise: Bool) -> ChoiceProblem {
        var random = SeededGenerator(seed: UInt64(items + types))
        let shapes = [16_777_216, 4_194_304, 58_720_256, 58_720_256, 16_777_216]
        let all = (0..<items).map { number in
            let elements = shapes[number % shapes.count]
            let base = Double.random(in: 0.5...2, using: &random)
            return (0..<types).map { type in
                let bits = 1.5 + Double(type) * 0.3
                let size =
                    noise
                    ? Int(Double(elements) * bits / 8) + Int.random(in: 0...1000, using: &random)
                    : elements / 256 * Int(bits * 32)
                let error =
                    base * Double.random(in: 0.9...1.1, using: &random)
                    / Double(1 << Int(2 * bits)) * 1.0e12
                return ChoiceProblem.Option(size: size, cost: Int(error))
            }
        }
        let least = all.reduce(0) { $0 + ($1.map(\.size).min() ?? 0) }
        let most = all.reduce(0) { $0 + ($1.map(\.size).max() ?? 0) }
        return ChoiceProblem(items: all, capacity: least + Int(Double(most - least) * share))
    }

    @Test(arguments: [0.1, 0.3, 0.5, 0.77], [false, true])
    func provesTwoThousandItemsOfTwentyFiveOptions(share: Double, noise: Bool) throws {
        let clock = ContinuousClock()
        var solution: ChoiceSolution?
        let problem = model(items: 2000, types: 25, share: share, noise: noise)
        let time = try clock.measure { solution = try problem.solve() }
        #expect(solution?.gap == 0, "after \(time)")
    }

    @Test func capacitiesAtBothEndsAndBeyondAreSolvedAtOnce() throws {
        let items = model(items: 300, types: 20, share: 0.5, noise: true).items
        let least = items.reduce(0) { $0 + ($1.map(\.size).min() ?? 0) }
        let cheapest = items.reduce(0) { $0 + ($1.map(\.cost).min() ?? 0) }
        let smallest = try ChoiceProblem(items: items, capacity: least).solve()
        #expect(smallest.size == least && smallest.gap == 0)
        #expect(throws: ChoiceFailure.tooSmall(least: least)) {
            try ChoiceProblem(items: items, capacity: least - 1).solve()
        }
        #expect(throws: ChoiceFailure.tooSmall(least: least)) {
            try ChoiceProblem(items: items, capacity: .min).solve()
        }
        for capacity in [items.reduce(0) { $0 + ($1.map(\.size).max() ?? 0) }, 1 << 62, .max] {
            let largest = try ChoiceProblem(items: items, capacity: capacity).solve()
            #expect(largest.cost == cheapest && largest.gap == 0)
        }
    }

    /// Every byte saves the same, so that nothing but the sum of the sizes decides.
    @Test(arguments: [1, 2, 64]) func equalRatiosAreSolvedToTheLastUnit(unit: Int) throws {
        var random = SeededGenerator(seed: 7)
        let items = (0..<300).map { _ in
            (0..<25).map { _ in
                let size = Int.random(in: 1...2000, using: &random) * unit
                return ChoiceProblem.Option(size: size, cost: 1_000_000 - size)
            }
        }
        let least = items.reduce(0) { $0 + ($1.map(\.size).min() ?? 0) }
        let most = items.reduce(0) { $0 + ($1.map(\.size).max() ?? 0) }
        // No sum of the sizes reaches what is no multiple of the unit.
        let capacity = (least + most) / 2 / unit * unit
        let solution = try ChoiceProblem(items: items, capacity: capacity + unit - 1).solve()
        #expect(solution.gap == 0 && solution.size == capacity)
        #expect(solution.cost == 300 * 1_000_000 - capacity)
    }

    @Test func statesABoundWhereTheEffortEnds() throws {
        let problem = model(items: 60, types: 12, share: 0.4, noise: true)
        let stopped = try problem.solve(effort: 1)
        let whole = try problem.solve()
        #expect(stopped.gap > 0)
        #expect(stopped.bound <= whole.cost && whole.cost <= stopped.cost)
        #expect(whole.gap == 0)
    }
}
