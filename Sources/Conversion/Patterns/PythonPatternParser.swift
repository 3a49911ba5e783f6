/// Reads a regular expression as `re._parser` of CPython 3.9 to 3.14 does, as far as all of them agree and no flag is
/// set.
struct PythonPatternParser {
    /// How deep groups may nest.
    private static let maximumDepth = 100
    /// The most repetitions that can be asked for.
    private static let maximumCount = 1_000

    private let bytes: [UInt8]
    private var position = 0
    private var depth = 0
    private var isLookingAhead = false
    private var names: Set<[UInt8]> = []

    init(_ text: String) { bytes = Array(text.utf8) }

    mutating func parse() throws(PatternMachine.SyntaxError) -> PatternExpression {
        if let odd = bytes.firstIndex(where: { !(0x20...0x7E).contains($0) }) {
            throw error("a character that is not printable ASCII", at: odd)
        }
        let expression = try alternatives()
        guard position == bytes.count else { throw error("a ) without a (") }
        return expression
    }

    private func error(_ problem: String, at offset: Int? = nil) -> PatternMachine.SyntaxError {
        PatternMachine.SyntaxError(problem: problem, offset: offset ?? position)
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func take(_ text: StaticString) -> Bool {
        let wanted = text.description.utf8
        guard bytes[position...].starts(with: wanted) else { return false }
        position += wanted.count
        return true
    }

    // MARK: The grammar

    private mutating func alternatives() throws(PatternMachine.SyntaxError) -> PatternExpression {
        var parts = [try sequence()]
        while take("|") { parts.append(try sequence()) }
        return parts.count == 1 ? parts[0] : .alternatives(parts)
    }

    private mutating func sequence() throws(PatternMachine.SyntaxError) -> PatternExpression {
        var parts: [PatternExpression] = []
        while let byte = next, byte != UInt8(ascii: "|"), byte != UInt8(ascii: ")") {
            let start = position
            let part = try self.part()
            guard let repeated = try quantified(part, at: start) else {
                parts.append(part)
                continue
            }
            if startsRepetition { throw error("a repetition of a repetition") }
            parts.append(repeated)
        }
        return .sequence(parts)
    }

    private var startsRepetition: Bool {
        guard let next else { return false }
        return "*+?{".utf8.contains(next)
    }

    private mutating func part() throws(PatternMachine.SyntaxError) -> PatternExpression {
        let start = position
        if take("^") || take(#"\A"#) { return .step(.atStart) }
        // A text without the end of a line ends in one place alone.
        if take("$") || take(#"\Z"#) { return .step(.atEnd) }
        if take(#"\b"#) { return .step(.atWordBoundary(true)) }
        if take(#"\B"#) { return .step(.atWordBoundary(false)) }
        if take("(?=") { return try look(isNegative: false) }
        if take("(?!") { return try look(isNegative: true) }
        if take("(?:") { return try group(from: start) }
        if take("(?P<") {
            try groupName()
            return try group(from: start)
        }
        if take("(?") { throw error("a kind of group that is not supported", at: start) }
        if take("(") { return try group(from: start) }
        if take(".") { return .byte(ByteSet(of: [0x0A]).inverted) }
        if take("[") { return .byte(try bracket(from: start)) }
        if take(#"\"#) {
            switch try escape() {
            case .set(let set): return .byte(set)
            case .byte(let byte): return .byte(ByteSet(of: [byte]))
            }
        }
        guard !startsRepetition, let byte = next else { throw error("a repetition of nothing") }
        position += 1
        return .byte(ByteSet(of: [byte]))
    }

    /// What stands between a parenthesis and its end.
    private mutating func group(from start: Int) throws(PatternMachine.SyntaxError) -> PatternExpression {
        depth += 1
        guard depth <= Self.maximumDepth else { throw error("groups nested too deeply") }
        let expression = try alternatives()
        guard take(")") else { throw error("a ( without a )", at: start) }
        depth -= 1
        return expression
    }

    private mutating func look(isNegative: Bool) throws(PatternMachine.SyntaxError) -> PatternExpression {
        let start = position - 3
        // Nested ones would take a time that grows with the power of their depth.
        guard !isLookingAhead else { throw error("a look ahead inside of another", at: start) }
        isLookingAhead = true
        defer { isLookingAhead = false }
        return .look(try group(from: start), isNegative: isNegative)
    }

    private mutating func groupName() throws(PatternMachine.SyntaxError) {
        let start = position
        while let byte = next, ByteSet.word.contains(byte) { position += 1 }
        let name = Array(bytes[start..<position])
        guard let first = name.first, !ByteSet.digit.contains(first), take(">") else {
            throw error("a group's name that is none", at: start)
        }
        guard names.insert(name).inserted else { throw error("two groups of one name", at: start) }
    }

    private mutating func quantified(
        _ part: PatternExpression, at start: Int
    ) throws(PatternMachine.SyntaxError) -> PatternExpression? {
        var minimum = 0
        var maximum: Int?
        if take("*") {
        } else if take("+") {
            minimum = 1
        } else if take("?") {
            maximum = 1
        } else if take("{") {
            let first = try count()
            minimum = first ?? 0
            maximum = first
            if take(",") {
                maximum = try count()
                guard first != nil || maximum != nil else { throw error("a { without numbers") }
            }
            guard first != nil || maximum != nil, take("}") else { throw error("a { without a }") }
            guard minimum <= maximum ?? .max else { throw error("a repetition from more to less") }
        } else {
            return nil
        }
        // Python leaves a loop that does not advance earlier than mathematics does.
        guard !part.canBeEmpty else { throw error("a repetition of what may be empty", at: start) }
        // Which number is tried first makes no difference to whether there is a match.
        _ = take("?")
        return .repetition(part, minimum: minimum, maximum: maximum)
    }

    private mutating func count() throws(PatternMachine.SyntaxError) -> Int? {
        let start = position
        var value = 0
        while let byte = next, ByteSet.digit.contains(byte), value <= Self.maximumCount {
            value = value * 10 + Int(byte - UInt8(ascii: "0"))
            position += 1
        }
        guard value <= Self.maximumCount else {
            throw error("more than \(Self.maximumCount) repetitions", at: start)
        }
        return position > start ? value : nil
    }

    // MARK: Single characters

    private enum Character {
        case byte(UInt8), set(ByteSet)
    }

    /// What stands behind a backslash.
    private mutating func escape() throws(PatternMachine.SyntaxError) -> Character {
        let start = position - 1
        guard let byte = next else { throw error(#"a \ at the end"#, at: start) }
        position += 1
        switch byte {
        case UInt8(ascii: "d"): return .set(.digit)
        case UInt8(ascii: "D"): return .set(ByteSet.digit.inverted)
        case UInt8(ascii: "w"): return .set(.word)
        case UInt8(ascii: "W"): return .set(ByteSet.word.inverted)
        case UInt8(ascii: "s"): return .set(.space)
        case UInt8(ascii: "S"): return .set(ByteSet.space.inverted)
        default:
            guard !ByteSet.word.contains(byte) || byte == UInt8(ascii: "_") else {
                throw error("an escape that is not supported", at: start)
            }
            return .byte(byte)
        }
    }

    /// What stands between `[` and `]`.
    private mutating func bracket(from start: Int) throws(PatternMachine.SyntaxError) -> ByteSet {
        let isNegative = take("^")
        var set = ByteSet()
        let first = position
        while position == first || !take("]") {
            guard next != nil else { throw error("a [ without a ]", at: start) }
            switch try bracketCharacter() {
            case .set(let named):
                guard !startsRange else { throw error("a range that begins in a class") }
                set = set.union(named)
            case .byte(let low):
                guard startsRange else {
                    set.insert(low)
                    continue
                }
                position += 1
                guard case .byte(let high) = try bracketCharacter(), low <= high else {
                    throw error("a range that goes backwards or ends in a class")
                }
                for byte in low...high { set.insert(byte) }
            }
        }
        return isNegative ? set.inverted : set
    }

    /// Whether a `-` follows that is not the last before the bracket's end.
    private var startsRange: Bool {
        next == UInt8(ascii: "-") && position + 1 < bytes.count && bytes[position + 1] != UInt8(ascii: "]")
    }

    private mutating func bracketCharacter() throws(PatternMachine.SyntaxError) -> Character {
        if take(#"\"#) { return try escape() }
        guard let byte = next else { throw error("a [ without a ]") }
        // Python warns that these may mean sets of sets one day.
        let isReserved = byte == UInt8(ascii: "[") || "-&~|".utf8.contains(byte) && following == byte
        guard !isReserved else { throw error("a character that is reserved in brackets") }
        position += 1
        return .byte(byte)
    }

    private var following: UInt8? { position + 1 < bytes.count ? bytes[position + 1] : nil }
}

extension PatternExpression {
    /// Whether it may match without taking a byte.
    fileprivate var canBeEmpty: Bool {
        switch self {
        case .byte: false
        case .step, .look: true
        case .sequence(let parts): parts.allSatisfy(\.canBeEmpty)
        case .alternatives(let parts): parts.contains(where: \.canBeEmpty)
        case .repetition(let part, let minimum, _): minimum == 0 || part.canBeEmpty
        }
    }
}
