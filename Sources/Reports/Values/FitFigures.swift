package import Formats
import Manifests

/// What a lock states of how the types of a fitted file were chosen.
package struct FitFigures: Sendable {
    /// A file: its bytes, and its weighted error in the lock's parts.
    package struct Point: Equatable, Sendable {
        /// The bytes.
        package let size: Int
        /// The weighted error.
        package let cost: Int
    }

    /// The parts of a weighted error of 1.
    static let parts = Double(1 << 43)
    /// The most points that are drawn.
    private static let most = 200

    /// What the file may have.
    package let budget: Int
    /// What was chosen.
    package let choice: Point
    /// What no choice within the budget has less of.
    package let bound: Int
    /// The best of other sizes, from the smallest; none where the lock has none.
    package let front: [Point]
    /// Fixed mixtures of the same model by their names.
    package let mixtures: [(name: String, point: Point)]
    /// The names of the tensors whose types were chosen.
    package let tensors: Set<ExactName>

    /// Reads what a lock has; `nil` where it has none, or something that cannot be.
    package init?(_ fact: JSON?) {
        guard let fact, let budget = fact["budget"]?.integer, let size = fact["size"]?.integer,
            let cost = fact["cost"]?.integer, let bound = fact["bound"]?.integer, budget > 0, size > 0,
            cost >= 0, bound >= 0
        else { return nil }
        func point(_ value: JSON) -> Point? {
            guard let pair = value.array, pair.count == 2, let size = pair[0].integer,
                let cost = pair[1].integer, size > 0, cost >= 0
            else { return nil }
            return Point(size: size, cost: cost)
        }
        self.budget = budget
        self.bound = bound
        choice = Point(size: size, cost: cost)
        front = (fact["front"]?.array ?? []).prefix(Self.most).compactMap(point)
        mixtures = (fact["mixtures"]?.members ?? []).prefix(Self.most).compactMap { member in
            point(member.value).map { (member.key, $0) }
        }
        tensors = Set((fact["types"]?.members ?? []).map { ExactName($0.key) })
    }
}
