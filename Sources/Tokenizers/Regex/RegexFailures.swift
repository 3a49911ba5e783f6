/// The places of a program and a text from which no match can be reached, so that none is tried twice.
///
/// Whether a match can be reached from a step at a position depends on nothing else but, inside a loop whose turn
/// may take nothing, on whether its turn began here. Without this memory a pattern such as `(a|a)*b` takes a
/// time that doubles with every letter; with it, steps times positions bound the work.
struct RegexFailures {
    /// The most places that are remembered: 16 MB.
    private static let maximumCount = 1 << 27
    private static let maximumLoops = 4

    private var words: [UInt64]
    private var entered: [Int] = []
    /// For each step where its places begin; `nil` for those that are not remembered.
    private let starts: [Int?]
    private let width: Int

    /// No memory where the program and the text are too large for one.
    init?(_ program: RegexProgram, textLength: Int) {
        width = textLength + 1
        var count = 0
        var starts: [Int?] = []
        for (step, loops) in zip(program.steps, program.loops) {
            switch step {
            case .choice, .run, .look, .atomic:
                guard loops.count <= Self.maximumLoops else { starts.append(nil); continue }
                starts.append(count)
                let (places, overflow) = (1 << loops.count).multipliedReportingOverflow(by: width)
                guard !overflow, places <= Self.maximumCount - count else { return nil }
                count += places
            default: starts.append(nil)
            }
        }
        self.starts = starts
        words = [UInt64](repeating: 0, count: count / 64 + 1)
    }

    /// How many places were entered and not left again: what `leave` and `fail` go back to.
    var depth: Int { entered.count }

    /// Notes that a step is tried; `false` where that was in vain before.
    /// - Parameters:
    ///   - offset: of the position from the text's beginning.
    ///   - turns: a bit for each loop around the step, set where its turn began at this position.
    mutating func enter(_ step: Int, offset: Int, turns: Int) -> Bool {
        guard let start = starts[step] else { return true }
        let place = start + turns * width + offset
        let bit: UInt64 = 1 << UInt64(place & 63)
        guard words[place >> 6] & bit == 0 else { return false }
        words[place >> 6] |= bit
        entered.append(place)
        return true
    }

    /// What was entered since led to a match, so nothing is known of it.
    mutating func leave(to depth: Int) {
        for place in entered[depth...] { words[place >> 6] &= ~(1 << UInt64(place & 63)) }
        entered.removeLast(entered.count - depth)
    }

    /// What was entered since led to no match.
    mutating func fail(to depth: Int) { entered.removeLast(entered.count - depth) }
}
