/// The places of a program and a text from which no match can be reached, so that none is tried twice.
///
/// Whether a match can be reached from a step at a position depends on nothing else but, inside a loop whose turn
/// may take nothing, on whether its turn began here. Without this memory a pattern such as `(a|a)*b` takes a
/// time that doubles with every letter; with it, steps times positions bound the work. That holds for the scalars of a
/// run, too: without a place for each of them `(a+)+b` takes a time that grows with the square of the letters.
struct RegexFailures {
    /// The most places that are remembered: 16 MB.
    private static let maximumCount = 1 << 27
    private static let maximumLoops = 4

    private var words: [UInt64]
    private var entered: [Int] = []
    /// For each step where its places begin; `nil` for those that are not remembered.
    private let starts: [Int?]
    /// For each run without end where the places of its scalars begin.
    private let runStarts: [Int?]
    private let width: Int

    /// No memory where the program and the text are too large for one.
    init?(_ program: RegexProgram, textLength: Int) {
        width = textLength + 1
        var count = 0
        var starts = [Int?](repeating: nil, count: program.steps.count)
        var runStarts = starts
        for (index, (step, loops)) in zip(program.steps, program.loops).enumerated() {
            let kinds: Int
            switch step {
            case .run(set: _, least: _, most: .max, let greed) where greed != .possessive: kinds = 2
            case .choice, .run, .look, .atomic: kinds = 1
            default: continue
            }
            guard loops.count <= Self.maximumLoops else { continue }
            let (places, overflow) = (1 << loops.count).multipliedReportingOverflow(by: width)
            guard !overflow, places <= (Self.maximumCount - count) / kinds else { return nil }
            starts[index] = count
            if kinds == 2 { runStarts[index] = count + places }
            count += kinds * places
        }
        self.starts = starts
        self.runStarts = runStarts
        words = [UInt64](repeating: 0, count: count / 64 + 1)
    }

    /// How many places were entered and not left again: what `leave` and `fail` go back to.
    var depth: Int { entered.count }

    /// Notes that a step is tried; `false` where that was in vain before.
    /// - Parameters:
    ///   - offset: of the position from the text's beginning.
    ///   - turns: a bit for each loop around the step, set where its turn began at this position.
    ///   - isInRun: whether it is a run that has enough scalars already, and could go on here, or take more.
    mutating func enter(_ step: Int, offset: Int, turns: Int, isInRun: Bool) -> Bool {
        guard let start = isInRun ? runStarts[step] : starts[step] else { return true }
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
