/// The machine that a pattern over bytes becomes. It walks all alternatives at once, so that no pattern is slow, and
/// only says whether there is a match.
struct PatternMachine: Sendable {
    /// Why a text is no pattern.
    struct SyntaxError: Error, Equatable {
        let problem: String
        /// Where, in bytes from the start of the pattern.
        let offset: Int
    }

    /// One step of the machine that a pattern becomes.
    enum Step: Equatable {
        /// Goes on after a byte of the set.
        case byte(ByteSet)
        /// Goes on at both places, which may be before or behind.
        case split(Int, Int)
        case jump(Int)
        /// Goes on only at the start or the end of the name.
        case atStart, atEnd
        /// Goes on only between a word and what is none, or only elsewhere.
        case atWordBoundary(Bool)
        /// Goes on at `next` if what follows this step up to its own end is found here, or is not.
        case look(isNegative: Bool, next: Int)
        case found
    }

    /// The most steps that a pattern may have; counted repetitions multiply them.
    static let maximumStepCount = 20_000

    private let steps: [Step]

    /// Takes what a pattern says, in whatever grammar it was written.
    init(_ expression: PatternExpression) throws(SyntaxError) {
        var writer = PatternWriter()
        try writer.write(expression)
        try writer.append(.found)
        steps = writer.steps
    }

    /// Whether the pattern is found anywhere in `name`.
    func isFound(in name: [UInt8]) -> Bool { runs(from: 0, at: 0, in: name, isAnchored: false) }

    /// Whether the pattern is found where `name` begins, however far it reaches.
    func isFound(atStartOf name: [UInt8]) -> Bool { runs(from: 0, at: 0, in: name, isAnchored: true) }

    private func runs(from first: Int, at start: Int, in name: [UInt8], isAnchored: Bool) -> Bool {
        var current: [Int] = []
        var marks = [Int](repeating: -1, count: steps.count)
        for position in start...name.count {
            var pending = current
            if !isAnchored || position == start { pending.append(first) }
            var waiting: [Int] = []
            while let step = pending.popLast() {
                guard marks[step] != position else { continue }
                marks[step] = position
                switch steps[step] {
                case .found: return true
                case .byte: waiting.append(step)
                case .jump(let next): pending.append(next)
                case .split(let left, let right): pending += [left, right]
                case .atStart: if position == 0 { pending.append(step + 1) }
                case .atEnd: if position == name.count { pending.append(step + 1) }
                case .atWordBoundary(let wanted):
                    if Self.isWordBoundary(position, in: name) == wanted { pending.append(step + 1) }
                case .look(let isNegative, let next):
                    let isFound = runs(from: step + 1, at: position, in: name, isAnchored: true)
                    if isFound != isNegative { pending.append(next) }
                }
            }
            guard position < name.count else { break }
            current = waiting.compactMap { step in
                if case .byte(let set) = steps[step], set.contains(name[position]) { step + 1 } else { nil }
            }
        }
        return false
    }

    private static func isWordBoundary(_ position: Int, in name: [UInt8]) -> Bool {
        let before = position > 0 && ByteSet.word.contains(name[position - 1])
        let after = position < name.count && ByteSet.word.contains(name[position])
        return before != after
    }
}

/// What a pattern says.
indirect enum PatternExpression {
    case byte(ByteSet)
    case sequence([PatternExpression])
    case alternatives([PatternExpression])
    case repetition(PatternExpression, minimum: Int, maximum: Int?)
    case step(PatternMachine.Step)
    case look(PatternExpression, isNegative: Bool)
}

/// Writes the steps of an expression.
private struct PatternWriter {
    private(set) var steps: [PatternMachine.Step] = []

    mutating func append(_ step: PatternMachine.Step) throws(PatternMachine.SyntaxError) {
        guard steps.count < PatternMachine.maximumStepCount else {
            throw PatternMachine.SyntaxError(problem: "it is too large, repetitions counted", offset: 0)
        }
        steps.append(step)
    }

    mutating func write(_ expression: PatternExpression) throws(PatternMachine.SyntaxError) {
        switch expression {
        case .byte(let set): try append(.byte(set))
        case .step(let step): try append(step)
        case .sequence(let parts): for part in parts { try write(part) }
        case .alternatives(let parts): try writeAlternatives(parts)
        case .repetition(let part, let minimum, let maximum):
            for _ in 0..<minimum { try write(part) }
            guard let maximum else { return try writeLoop(part) }
            for _ in minimum..<maximum { try writeOptional(part) }
        case .look(let part, let isNegative):
            let start = steps.count
            try append(.found)
            try write(part)
            try append(.found)
            steps[start] = .look(isNegative: isNegative, next: steps.count)
        }
    }

    private mutating func writeAlternatives(_ parts: [PatternExpression]) throws(PatternMachine.SyntaxError) {
        var ends: [Int] = []
        for (index, part) in parts.enumerated() {
            let start = steps.count
            let isLast = index == parts.count - 1
            if !isLast { try append(.found) }
            try write(part)
            guard !isLast else { break }
            ends.append(steps.count)
            try append(.found)
            steps[start] = .split(start + 1, steps.count)
        }
        for end in ends { steps[end] = .jump(steps.count) }
    }

    private mutating func writeOptional(_ part: PatternExpression) throws(PatternMachine.SyntaxError) {
        let start = steps.count
        try append(.found)
        try write(part)
        steps[start] = .split(start + 1, steps.count)
    }

    private mutating func writeLoop(_ part: PatternExpression) throws(PatternMachine.SyntaxError) {
        let start = steps.count
        try append(.found)
        try write(part)
        try append(.jump(start))
        steps[start] = .split(start + 1, steps.count)
    }
}
