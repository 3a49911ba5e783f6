/// What the dialects have in common whose classes are those of ASCII: alternatives, groups, counts, brackets and the
/// escapes for classes.
protocol ASCIIRegexParser: RegexReading {
    /// One thing with its repetitions, or an assertion.
    mutating func term() throws(RegexError) -> RegexNode

    /// What stands between `{` and `}`, with the `}`; both may be missing where the dialect has a meaning for that.
    mutating func interval() throws(RegexError) -> (least: Int, most: Int?)

    /// One character or class in a bracket.
    mutating func bracketCharacter() throws(RegexError) -> RegexCharacter
}

/// What stands for one character of a text.
enum RegexCharacter {
    /// A character itself, or an escape or bracket for several.
    case scalar(Unicode.Scalar), set(ScalarSet)

    /// As a part of a set.
    var part: ScalarSet.Part {
        switch self {
        case .scalar(let scalar): .range(scalar.value...scalar.value)
        case .set(let set): .set(set)
        }
    }
}

extension ASCIIRegexParser {
    /// The whole pattern.
    mutating func whole() throws(RegexError) -> RegexNode {
        let expression = try alternatives()
        // Only a parenthesis can be left.
        guard position == scalars.count else { throw error("a ) without a (") }
        return expression
    }

    private mutating func alternatives() throws(RegexError) -> RegexNode {
        var parts = [try sequence()]
        while take("|") { parts.append(try sequence()) }
        return parts.count == 1 ? parts[0] : .alternatives(parts)
    }

    private mutating func sequence() throws(RegexError) -> RegexNode {
        var parts: [RegexNode] = []
        while let scalar = next, scalar != "|", scalar != ")" { parts.append(try term()) }
        return parts.isEmpty ? .empty : .sequence(parts)
    }

    /// What stands between a parenthesis, which is at `start`, and its end.
    mutating func group(from start: Int) throws(RegexError) -> RegexNode {
        try nested { (parser) throws(RegexError) in
            let expression = try parser.alternatives()
            guard parser.take(")") else { throw parser.error("a ( without a )", at: start) }
            return expression
        }
    }

    /// How often `*`, `+`, `?` or an interval repeats what stands before it; `nil` if none of them is next.
    mutating func repetition() throws(RegexError) -> (least: Int, most: Int?)? {
        if take("*") { return (0, nil) }
        if take("+") { return (1, nil) }
        if take("?") { return (0, 1) }
        guard take("{") else { return nil }
        let (least, most) = try interval()
        guard least <= most ?? .max else { throw error("a repetition from more to less") }
        return (least, most)
    }

    /// A number of repetitions; `nil` if there is none.
    mutating func count() throws(RegexError) -> Int? {
        let start = position
        let value = number()
        guard value ?? 0 <= maximumRepetitions else {
            throw error("more than \(maximumRepetitions) repetitions", at: start)
        }
        return value
    }

    // MARK: Classes

    /// The class that stands behind a backslash; `nil` for another escape.
    func escapedClass(_ scalar: Unicode.Scalar) -> ScalarSet? {
        switch scalar {
        case "d": .asciiDigit
        case "D": .asciiDigit.inverted
        case "w": .asciiWord
        case "W": .asciiWord.inverted
        case "s": .asciiSpace
        case "S": .asciiSpace.inverted
        default: nil
        }
    }

    /// What stands between `[`, which is at `start`, and `]`.
    /// - Parameter takesFirst: whether a `]` that comes first stands for itself.
    mutating func bracket(from start: Int, takesFirst: Bool) throws(RegexError) -> ScalarSet {
        let isNegative = take("^")
        var parts: [ScalarSet.Part] = []
        let first = position
        while takesFirst && position == first || !take("]") {
            guard next != nil else { throw error("a [ without a ]", at: start) }
            switch try bracketCharacter() {
            case .set(let named):
                guard !startsRange else { throw error("a range that begins in a class") }
                parts.append(.set(named))
            case .scalar(let low):
                guard startsRange else {
                    parts.append(RegexCharacter.scalar(low).part)
                    continue
                }
                position += 1
                guard case .scalar(let high) = try bracketCharacter(), low <= high else {
                    throw error("a range that goes backwards or ends in a class")
                }
                parts.append(.range(low.value...high.value))
            }
        }
        return ScalarSet(parts, negated: isNegative)
    }

    /// Whether a `-` follows that is not the last before the bracket's end.
    private var startsRange: Bool { next == "-" && following != nil && following != "]" }
}

extension ScalarSet {
    /// `0` to `9`.
    static let asciiDigit = ScalarSet([.range(0x30...0x39)])
    /// White space of C's locale.
    static let asciiSpace = ScalarSet([.range(0x09...0x0D), .range(0x20...0x20)])
    /// Letters, digits and `_` of ASCII.
    static let asciiWord = ScalarSet([
        .range(0x30...0x39), .range(0x41...0x5A), .range(0x5F...0x5F), .range(0x61...0x7A),
    ])

    /// Everything else.
    var inverted: ScalarSet { ScalarSet([.set(self)], negated: true) }
}
