/// A regular expression, compiled.
package struct RegexProgram: Sendable {
    /// One instruction.
    enum Step: Sendable {
        /// One scalar of the set with this number.
        case set(Int)
        /// As many scalars of a set as there are, between the two numbers.
        case run(set: Int, least: Int, most: Int, greed: RegexGreed)
        /// Goes on at the first place, later at the second.
        case choice(Int, Int)
        /// Goes on at a place.
        case jump(Int)
        /// Goes on if a condition on the place between two scalars holds.
        case assertion(RegexAssertion)
        /// The steps from here to `end` are matched on their own.
        case look(behind: Int?, negated: Bool, end: Int)
        /// The steps from here to `end` are matched on their own, and never in another way afterwards.
        case atomic(end: Int)
        /// Remembers where a turn of a loop begins.
        case mark(Int)
        /// Leaves a loop whose turn took nothing.
        case progress(Int, exit: Int)
        /// The end: of the whole expression, or of what is matched on its own.
        case accept
    }

    /// The instructions; the first is where matching begins.
    private(set) var steps: [Step] = []
    /// The sets that steps name by their numbers.
    private(set) var sets: [ScalarSet] = []
    /// How many marks of loops there are, which are numbered from 0.
    private(set) var marks = 0
    /// What `\b` and `\B` take for a word.
    let word: ScalarSet
    /// For each step the marks of the loops around it, of which it may have to know that a turn took nothing.
    private(set) var loops: [[Int]] = []

    private var openLoops: [Int] = []
    private var workLeft = 100_000

    /// The most steps that a pattern may have; counted repetitions multiply them.
    static let maximumStepCount = 20_000

    /// Compiles a pattern.
    /// - Parameter reachesEnd: whether a match has to reach the end of the text.
    /// - Throws: where it is no regular expression, or one that is not supported or too large.
    package init(
        _ pattern: String, dialect: RegexDialect = .oniguruma, reachesEnd: Bool = false
    ) throws(RegexError) {
        word = dialect.word
        try compile(try dialect.parse(pattern))
        if reachesEnd { _ = try add(.assertion(.textEnd)) }
        steps.append(.accept)
        loops.append([])
    }

    private mutating func add(_ step: Step) throws(RegexError) -> Int {
        guard steps.count < Self.maximumStepCount else { throw tooLarge }
        steps.append(step)
        loops.append(openLoops)
        return steps.count - 1
    }

    private var tooLarge: RegexError { RegexError("it is too large, repetitions counted") }

    private mutating func compile(_ node: RegexNode) throws(RegexError) {
        // Repetitions of nothing add no steps, but take as long.
        workLeft -= 1
        guard workLeft > 0 else { throw tooLarge }
        switch node {
        case .empty: return
        case .set(let set): _ = try add(.set(index(of: set)))
        case .sequence(let nodes): for node in nodes { try compile(node) }
        case .assertion(let assertion): _ = try add(.assertion(assertion))
        case .alternatives(let nodes): try compile(alternatives: nodes)
        case .atomic(let node):
            let start = try add(.accept)
            try compile(node)
            _ = try add(.accept)
            steps[start] = .atomic(end: steps.count)
        case .look(let node, let behind, let negated): try compile(look: node, behind, negated)
        case .repeated(let node, let least, let most, let greed):
            if case .set(let set) = node {
                _ = try add(.run(set: index(of: set), least: least, most: most ?? .max, greed: greed))
            } else if greed == .possessive {
                try compile(.atomic(.repeated(node, least: least, most: most, .greedy)))
            } else {
                try compile(loop: node, least, most, isLazy: greed == .lazy)
            }
        }
    }

    private mutating func index(of set: ScalarSet) -> Int {
        sets.append(set)
        return sets.count - 1
    }

    private mutating func compile(alternatives nodes: [RegexNode]) throws(RegexError) {
        var jumps: [Int] = []
        for (place, node) in nodes.enumerated() {
            guard place < nodes.count - 1 else {
                try compile(node)
                break
            }
            let choice = try add(.accept)
            try compile(node)
            jumps.append(try add(.accept))
            steps[choice] = .choice(choice + 1, steps.count)
        }
        for jump in jumps { steps[jump] = .jump(steps.count) }
    }

    private mutating func compile(look node: RegexNode, _ behind: Bool, _ negated: Bool) throws(RegexError) {
        // Alternatives may differ in width: each is looked for on its own.
        if behind, node.width == nil, case .alternatives(let branches) = node {
            let looks = branches.map { RegexNode.look($0, behind: true, negated: negated) }
            return try compile(negated ? .sequence(looks) : .alternatives(looks))
        }
        guard !behind || node.width != nil else { throw RegexError("a look behind has no fixed width") }
        let start = try add(.accept)
        try compile(node)
        _ = try add(.accept)
        steps[start] = .look(behind: behind ? node.width : nil, negated: negated, end: steps.count)
    }

    private mutating func compile(
        loop node: RegexNode, _ least: Int, _ most: Int?, isLazy: Bool
    ) throws(RegexError) {
        for _ in 0..<least { try compile(node) }
        if let most {
            var choices: [Int] = []
            for _ in least..<max(least, most) {
                choices.append(try add(.accept))
                try compile(node)
            }
            for choice in choices {
                steps[choice] =
                    isLazy ? .choice(steps.count, choice + 1) : .choice(choice + 1, steps.count)
            }
            return
        }
        let choice = try add(.accept)
        let mark = node.canBeEmpty ? marks : nil
        if let mark {
            marks += 1
            _ = try add(.mark(mark))
            openLoops.append(mark)
        }
        try compile(node)
        if let mark {
            _ = try add(.progress(mark, exit: steps.count + 2))
            openLoops.removeLast()
        }
        _ = try add(.jump(choice))
        steps[choice] = isLazy ? .choice(steps.count, choice + 1) : .choice(choice + 1, steps.count)
    }
}
