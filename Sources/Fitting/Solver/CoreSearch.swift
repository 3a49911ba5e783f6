/// The search that closes the gap between the relaxation and the best choice.
///
/// It begins at the relaxation's choice and lets one item after the other deviate from it, those first whose steps are
/// nearest to the one that did not fit: dynamic programming over the sums of sizes and costs of the deviations. A sum
/// is given up where another is no larger and no dearer, or where what the items behind it could save at their best
/// leads to nothing better than what is known (Pisinger's "minimal algorithm for the multiple-choice knapsack", 1995).
struct CoreSearch {
    /// What an item's deviation adds.
    private struct Deviation {
        let option: Int
        let size: Int
        let cost: Int
    }

    /// An item, and what it may become.
    private struct Candidate {
        let item: Int
        let deviations: [Deviation]
        /// The best saving for more size, and the least cost for less.
        let up: Slope?
        let down: Slope?
        /// How far it is from the break, as a part of it.
        let distance: Double
    }

    /// A sum of deviations, and how it came to be.
    private struct State {
        let size: Int
        let cost: Int
        let parent: Int32
        let option: Int16
    }

    /// The states of one item, for the way back.
    private struct Stage {
        let item: Int
        let parents: [Int32]
        let options: [Int16]
    }

    private let items: [ReducedItem]
    private let relaxation: Relaxation
    /// What deviations may add to the size.
    private let room: Int
    private let lambda: Slope
    private var stages: [Stage] = []
    /// What the best known choice costs more than the relaxation's.
    private var best: Int
    private var found: (stage: Int, item: Int, parent: Int32, option: Int16)?
    private var work = 0

    /// Prepares a search.
    /// - Parameter relaxation: one with a step that did not fit.
    init(_ items: [ReducedItem], _ relaxation: Relaxation, breakSlope: Slope, capacity: Int) {
        self.items = items
        self.relaxation = relaxation
        lambda = breakSlope
        room = capacity - relaxation.size
        best = relaxation.roundedCost - relaxation.cost
    }

    /// Searches.
    /// - Parameter effort: after how many sums it stops, with what is known then.
    /// - Returns: the option of each item, its cost, and what no choice costs less than.
    mutating func run(effort: Int) -> (choices: [Int], cost: Int, bound: Int) {
        let order = candidates()
        // The best of what stands behind each place.
        var ups = [Slope?](repeating: nil, count: order.count + 1)
        var downs = ups
        for index in order.indices.reversed() {
            ups[index] = Self.better(ups[index + 1], order[index].up) { $0 < $1 }
            downs[index] = Self.better(downs[index + 1], order[index].down) { $1 < $0 }
        }
        var states = [State(size: 0, cost: 0, parent: -1, option: -1)]
        for (index, candidate) in order.enumerated() {
            let deviations = candidate.deviations.filter(isUseful)
            if !states.contains(where: { bound(of: $0, ups[index], downs[index]) < best }) { break }
            if deviations.isEmpty { continue }
            work += states.count * (deviations.count + 1)
            if work > effort {
                let left = states.map { bound(of: $0, ups[index], downs[index]) }.min() ?? best
                return finish(bound: min(best, left))
            }
            states = expand(states, candidate.item, deviations, ups[index + 1], downs[index + 1])
        }
        return finish(bound: best)
    }

    // MARK: Steps

    /// Every state with and without the item's deviations, sorted by size, without what is dominated.
    private mutating func expand(
        _ states: [State], _ item: Int, _ deviations: [Deviation], _ up: Slope?, _ down: Slope?
    ) -> [State] {
        var next: [State] = []
        next.reserveCapacity(states.count * (deviations.count + 1))
        for (parent, state) in states.enumerated() where bound(of: state, up, down) < best {
            next.append(
                State(
                    size: state.size, cost: state.cost, parent: Int32(truncatingIfNeeded: parent), option: -1)
            )
        }
        for deviation in deviations {
            for (parent, state) in states.enumerated() {
                let new = State(
                    size: state.size + deviation.size, cost: state.cost + deviation.cost,
                    parent: Int32(truncatingIfNeeded: parent),
                    option: Int16(truncatingIfNeeded: deviation.option))
                if new.size <= room, new.cost < best {
                    best = new.cost
                    found = (stages.count, item, new.parent, new.option)
                }
                if bound(of: new, up, down) < best { next.append(new) }
            }
        }
        // The runs are sorted by size already, which the sort makes use of; it keeps the order of equal ones.
        next.sort { ($0.size, $0.cost) < ($1.size, $1.cost) }
        var kept: [State] = []
        var least = Int.max
        for state in next where state.cost < least {
            least = state.cost
            kept.append(state)
        }
        stages.append(Stage(item: item, parents: kept.map(\.parent), options: kept.map(\.option)))
        return kept
    }

    /// Whether a deviation alone could be in a better choice than the best known.
    private func isUseful(_ deviation: Deviation) -> Bool {
        let (saving, size) = (Int128(lambda.saving), Int128(lambda.size))
        let reduced = Int128(deviation.cost) * size + Int128(deviation.size) * saving
        return reduced - Int128(room) * saving <= (Int128(best) - 1) * size
    }

    /// What no choice costs less than that has the state and lets only items behind it deviate, rounded up.
    private func bound(of state: State, _ up: Slope?, _ down: Slope?) -> Int {
        let left = room - state.size
        if left >= 0 {
            guard let up else { return state.cost }
            return state.cost - Int(Int128(left) * Int128(up.saving) / Int128(up.size))
        }
        guard let down else { return .max }
        let more = (Int128(-left) * Int128(down.saving) + Int128(down.size) - 1) / Int128(down.size)
        return more > Int128(ChoiceProblem.greatestCost) ? .max : state.cost + Int(more)
    }

    private func finish(bound: Int) -> (choices: [Int], cost: Int, bound: Int) {
        guard let found else {
            return (relaxation.rounded, relaxation.roundedCost, relaxation.cost + bound)
        }
        var choices = relaxation.base
        choices[found.item] = Int(found.option)
        var place = Int(found.parent)
        for stage in stages[..<found.stage].reversed() {
            if stage.options[place] >= 0 { choices[stage.item] = Int(stage.options[place]) }
            place = Int(stage.parents[place])
        }
        return (choices, relaxation.cost + best, relaxation.cost + bound)
    }

    // MARK: Order

    private func candidates() -> [Candidate] {
        let all = items.enumerated().compactMap { number, item -> Candidate? in
            let base = item.options[relaxation.base[number]]
            var deviations: [Deviation] = []
            var (up, down): (Slope?, Slope?) = (nil, nil)
            for (place, option) in item.options.enumerated() where place != relaxation.base[number] {
                deviations.append(
                    Deviation(option: place, size: option.size - base.size, cost: option.cost - base.cost))
                if option.size > base.size {
                    up = Self.better(up, Slope(from: base, to: option)) { $0 < $1 }
                } else {
                    down = Self.better(down, Slope(from: option, to: base)) { $1 < $0 }
                }
            }
            guard !deviations.isEmpty else { return nil }
            let distance = min(
                up.map { 1 - ratio($0) } ?? .infinity, down.map { ratio($0) - 1 } ?? .infinity)
            return Candidate(item: number, deviations: deviations, up: up, down: down, distance: distance)
        }
        let sorted = all.sorted { ($0.distance, $0.item) < ($1.distance, $1.item) }
        // Of those that are equally far one that grows and one that shrinks take turns: alone neither fills the room.
        var (grown, shrunk) = (0, 0)
        let turns = sorted.map { candidate -> Int in
            if candidate.up == nil {
                shrunk += 1
                return shrunk
            }
            grown += 1
            return grown
        }
        return zip(sorted, turns).sorted { left, right in
            (left.0.distance, left.1, left.0.item) < (right.0.distance, right.1, right.0.item)
        }.map(\.0)
    }

    /// A slope as a multiple of the break's; only the order of the search depends on it.
    private func ratio(_ slope: Slope) -> Double {
        Double(slope.saving) / Double(slope.size) * (Double(lambda.size) / max(1, Double(lambda.saving)))
    }

    private static func better(
        _ first: Slope?, _ second: Slope?, _ isWorse: (Slope, Slope) -> Bool
    ) -> Slope? {
        guard let first else { return second }
        guard let second else { return first }
        return isWorse(first, second) ? second : first
    }
}
