/// What a regular expression states, before it is compiled.
indirect enum RegexNode: Sendable {
    /// Matches nothing at all, everywhere.
    case empty
    /// One scalar of a set.
    case set(ScalarSet)
    /// One after the other.
    case sequence([RegexNode])
    /// The first that leads to a match.
    case alternatives([RegexNode])
    /// Between `least` and `most` times; `nil` is without end.
    case repeated(RegexNode, least: Int, most: Int?, RegexGreed)
    /// Without a way back into it: `(?>…)`.
    case atomic(RegexNode)
    /// `(?=…)`, `(?!…)`, `(?<=…)` and `(?<!…)`.
    case look(RegexNode, behind: Bool, negated: Bool)
    /// `^`, `$`, `\b` and the like.
    case assertion(RegexAssertion)

    /// How many scalars it takes, where that is always the same number.
    var width: Int? {
        switch self {
        case .empty, .look, .assertion: return 0
        case .set: return 1
        case .atomic(let node): return node.width
        case .sequence(let nodes):
            var sum = 0
            for node in nodes {
                guard let width = node.width else { return nil }
                let (next, overflow) = sum.addingReportingOverflow(width)
                if overflow { return nil }
                sum = next
            }
            return sum
        case .alternatives(let nodes):
            guard let first = nodes.first?.width else { return nil }
            return nodes.allSatisfy { $0.width == first } ? first : nil
        case .repeated(let node, let least, let most, _):
            guard least == most, let width = node.width else { return nil }
            let (product, overflow) = width.multipliedReportingOverflow(by: least)
            return overflow ? nil : product
        }
    }

    /// Whether it can match without taking a scalar.
    var canBeEmpty: Bool {
        switch self {
        case .empty, .look, .assertion: true
        case .set: false
        case .atomic(let node): node.canBeEmpty
        case .sequence(let nodes): nodes.allSatisfy { $0.canBeEmpty }
        case .alternatives(let nodes): nodes.contains { $0.canBeEmpty }
        case .repeated(let node, let least, _, _): least == 0 || node.canBeEmpty
        }
    }
}

/// Which number of repetitions is tried first, and whether others are tried.
enum RegexGreed: Sendable {
    /// The most, then fewer.
    case greedy
    /// The fewest, then more.
    case lazy
    /// The most, and no others.
    case possessive
}

/// A condition on the place between two scalars.
enum RegexAssertion: Sendable {
    /// `^`: the text's beginning or behind a line feed.
    case lineStart
    /// `$`: the text's end or before a line feed.
    case lineEnd
    /// `\A`
    case textStart
    /// `\z`
    case textEnd
    /// `\Z`: the text's end, or before a line feed that ends it.
    case textEndOrLastLine
    /// `\b`
    case wordBoundary
    /// `\B`
    case noWordBoundary
}

/// Why a regular expression is none, or why matching it was given up.
package struct RegexError: Error, Equatable {
    /// What is wrong, as a clause without a place.
    package let message: String
    /// Where in the pattern, in units of its dialect; 0 where it is not about one place.
    package let offset: Int

    /// States what is wrong at a place.
    init(_ message: String, at offset: Int = 0) {
        self.message = message
        self.offset = offset
    }
}
