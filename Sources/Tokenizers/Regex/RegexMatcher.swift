/// One search through one text.
///
/// Goes back over its choices with a stack of its own, remembers what was in vain once that becomes worth while, and
/// counts its steps, so that no pattern and no text makes it hang or exhausts the stack: past the bound it is an
/// error, never an answer.
package struct RegexMatcher {
    /// From so many steps on what was in vain is remembered; most searches take fewer.
    package static let stepsBeforeMemory = 4_000

    private let program: RegexProgram
    private let text: ArraySlice<Unicode.Scalar>
    private var stepsLeft: Int
    private var stepsBeforeMemory: Int
    private var failures: RegexFailures?
    private var marks: [Int]
    private var stack: [Choice] = []

    private enum Choice {
        case at(step: Int, position: Int)
        /// A run that may still give back scalars down to `least`, or take more up to `most`.
        case shorter(step: Int, position: Int, least: Int)
        case longer(step: Int, position: Int, set: Int, most: Int)
        case mark(Int, Int)
    }

    /// Prepares a search.
    /// - Parameter stepsBeforeMemory: from how many steps on what was in vain is remembered.
    package init(
        _ program: RegexProgram, _ text: ArraySlice<Unicode.Scalar>,
        stepsBeforeMemory: Int = RegexMatcher.stepsBeforeMemory
    ) {
        self.program = program
        self.stepsBeforeMemory = stepsBeforeMemory
        self.text = text
        marks = Array(repeating: -1, count: program.marks)
        stepsLeft = 1_000_000 + 1_000 * text.count
    }

    /// Whether there is a match anywhere.
    package mutating func isFound() throws(RegexError) -> Bool { try search(from: text.startIndex) != nil }

    /// Whether there is a match that starts where the text does.
    package mutating func isPrefix() throws(RegexError) -> Bool { try prefix() != nil }

    /// The match that starts where the text does, the one that a search would prefer.
    mutating func prefix() throws(RegexError) -> Range<Int>? {
        stack.removeAll(keepingCapacity: true)
        return try run(from: 0, at: text.startIndex).map { text.startIndex..<$0 }
    }

    /// All matches from left to right, none within another; an empty one at the end of the one before is left out,
    /// as Oniguruma's callers leave it out.
    mutating func matches() throws(RegexError) -> [Range<Int>] {
        var found: [Range<Int>] = []
        var start = text.startIndex
        var lastEnd: Int?
        while start <= text.endIndex {
            guard let range = try search(from: start) else { break }
            if range.isEmpty, range.lowerBound == lastEnd {
                start = range.upperBound + 1
                continue
            }
            found.append(range)
            lastEnd = range.upperBound
            start = range.upperBound
        }
        return found
    }

    private mutating func search(from start: Int) throws(RegexError) -> Range<Int>? {
        var start = start
        while start <= text.endIndex {
            stack.removeAll(keepingCapacity: true)
            if let end = try run(from: 0, at: start) { return start..<end }
            start += 1
        }
        return nil
    }

    private mutating func spend(_ steps: Int) throws(RegexError) {
        stepsLeft -= steps
        guard stepsLeft > 0 else { throw RegexError("matching takes too many steps") }
        guard stepsBeforeMemory > 0 else { return }
        stepsBeforeMemory -= steps
        if stepsBeforeMemory <= 0 { failures = RegexFailures(program, textLength: text.count) }
    }

    /// Whether a step is still worth trying at a position.
    private mutating func isWorthTrying(_ step: Int, at position: Int, isInRun: Bool = false) -> Bool {
        guard failures != nil else { return true }
        var turns = 0
        for (bit, mark) in program.loops[step].enumerated() where marks[mark] == position {
            turns |= 1 << bit
        }
        return failures?.enter(
            step, offset: position - text.startIndex, turns: turns, isInRun: isInRun) ?? true
    }

    /// Matches from one step to the `accept` that ends it; the position behind the match, or `nil`.
    private mutating func run(from first: Int, at start: Int) throws(RegexError) -> Int? {
        let base = stack.count
        let depth = failures?.depth ?? 0
        var step = first
        var position = start
        while true {
            try spend(1)
            var holds = true
            switch program.steps[step] {
            case .accept:
                // What a lookaround or an atomic group could still have tried is given up.
                stack.removeLast(stack.count - base)
                failures?.leave(to: depth)
                return position
            case .set(let set):
                holds = position < text.endIndex && program.sets[set].contains(text[position])
                if holds {
                    position += 1
                    step += 1
                }
            case .run(let set, let least, let most, let greed):
                if !isWorthTrying(step, at: position) {
                    holds = false
                } else if let end = try self.run(set, least, most, greed, step, position) {
                    position = end
                    step += 1
                } else {
                    holds = false
                }
            case .choice(let now, let later):
                holds = isWorthTrying(step, at: position)
                if holds {
                    stack.append(.at(step: later, position: position))
                    step = now
                }
            case .jump(let target): step = target
            case .assertion(let assertion):
                holds = self.holds(assertion, at: position)
                step += 1
            case .look(let behind, let negated, let end):
                let place = position - (behind ?? 0)
                var found = false
                if place >= text.startIndex {
                    let reached = try run(from: step + 1, at: place)
                    found = reached != nil && (behind == nil || reached == position)
                }
                holds = found != negated
                step = end
            case .atomic(let end):
                if let reached = try run(from: step + 1, at: position) {
                    position = reached
                    step = end
                } else {
                    holds = false
                }
            case .mark(let mark):
                stack.append(.mark(mark, marks[mark]))
                marks[mark] = position
                step += 1
            case .progress(let mark, let exit):
                step = marks[mark] == position ? exit : step + 1
            }
            if holds { continue }
            guard let (next, place) = try backtrack(to: base) else {
                failures?.fail(to: depth)
                return nil
            }
            (step, position) = (next, place)
        }
    }

    private mutating func backtrack(to base: Int) throws(RegexError) -> (Int, Int)? {
        while stack.count > base {
            switch stack.removeLast() {
            case .at(let step, let position): return (step, position)
            case .shorter(let step, let position, let least):
                if position - 1 > least {
                    stack.append(.shorter(step: step, position: position - 1, least: least))
                }
                return (step, position - 1)
            case .longer(let step, let position, let set, let most):
                guard position < text.endIndex, program.sets[set].contains(text[position]),
                    isWorthTrying(step - 1, at: position + 1, isInRun: true)
                else { continue }
                if position + 1 < most {
                    stack.append(.longer(step: step, position: position + 1, set: set, most: most))
                }
                return (step, position + 1)
            case .mark(let mark, let old): marks[mark] = old
            }
        }
        return nil
    }

    /// A run of one set; where it ends, or `nil` where it is too short.
    private mutating func run(
        _ set: Int, _ least: Int, _ most: Int, _ greed: RegexGreed, _ step: Int, _ position: Int
    ) throws(RegexError) -> Int? {
        let room = text.endIndex - position
        guard least <= room else { return nil }
        let set = (index: set, value: program.sets[set])
        let shortest = position + least
        let bound = greed == .lazy ? shortest : position + min(most, room)
        var end = position
        while end < shortest, set.value.contains(text[end]) { end += 1 }
        let isEnough = end == shortest && isWorthTrying(step, at: end, isInRun: true)
        // From where it was in vain before, every longer run was, too.
        while isEnough, end < bound, set.value.contains(text[end]),
            isWorthTrying(step, at: end + 1, isInRun: true)
        { end += 1 }
        try spend(end - position)
        guard isEnough else { return nil }
        switch greed {
        case .possessive: break
        case .greedy:
            if end > shortest { stack.append(.shorter(step: step + 1, position: end, least: shortest)) }
        case .lazy:
            let longest = position + min(most, room)
            if end < longest {
                stack.append(.longer(step: step + 1, position: end, set: set.index, most: longest))
            }
        }
        return end
    }

    private func holds(_ assertion: RegexAssertion, at position: Int) -> Bool {
        let isStart = position == text.startIndex
        let isEnd = position == text.endIndex
        switch assertion {
        case .textStart: return isStart
        case .textEnd: return isEnd
        case .lineStart: return isStart || (!isEnd && text[position - 1] == "\n")
        case .lineEnd: return isEnd || text[position] == "\n"
        case .textEndOrLastLine: return isEnd || (position + 1 == text.endIndex && text[position] == "\n")
        case .wordBoundary, .noWordBoundary:
            let before = !isStart && program.word.contains(text[position - 1])
            let after = !isEnd && program.word.contains(text[position])
            return (before != after) == (assertion == .wordBoundary)
        }
    }
}
