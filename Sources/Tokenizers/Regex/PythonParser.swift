import Formats

/// Reads a regular expression as `re._parser` of CPython 3.9 to 3.14 does, as far as all of them agree and no flag is
/// set.
struct PythonParser {
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

    mutating func parse() throws(RegexError) -> RegexNode {
        if let odd = bytes.firstIndex(where: { !(0x20...0x7E).contains($0) }) {
            throw error("a character that is not printable ASCII", at: odd)
        }
        let expression = try alternatives()
        guard position == bytes.count else { throw error("a ) without a (") }
        return expression
    }

    private func error(_ problem: String, at offset: Int? = nil) -> RegexError {
        RegexError(problem, at: offset ?? position)
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func take(_ text: StaticString) -> Bool {
        let wanted = text.description.utf8
        guard bytes[position...].starts(with: wanted) else { return false }
        position += wanted.count
        return true
    }

    // MARK: The grammar

    private mutating func alternatives() throws(RegexError) -> RegexNode {
        var parts = [try sequence()]
        while take("|") { parts.append(try sequence()) }
        return parts.count == 1 ? parts[0] : .alternatives(parts)
    }

    private mutating func sequence() throws(RegexError) -> RegexNode {
        var parts: [RegexNode] = []
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

    private mutating func part() throws(RegexError) -> RegexNode {
        let start = position
        if take("^") || take(#"\A"#) { return .assertion(.textStart) }
        // A text without the end of a line ends in one place alone.
        if take("$") || take(#"\Z"#) { return .assertion(.textEnd) }
        if take(#"\b"#) { return .assertion(.wordBoundary) }
        if take(#"\B"#) { return .assertion(.noWordBoundary) }
        if take("(?=") { return try look(isNegative: false) }
        if take("(?!") { return try look(isNegative: true) }
        if take("(?:") { return try group(from: start) }
        if take("(?P<") {
            try groupName()
            return try group(from: start)
        }
        if take("(?") { throw error("a kind of group that is not supported", at: start) }
        if take("(") { return try group(from: start) }
        if take(".") { return .set(Self.any) }
        if take("[") { return .set(try bracket(from: start)) }
        if take(#"\"#) {
            return .set(ScalarSet([try escape().part]))
        }
        guard !startsRepetition, let byte = next else { throw error("a repetition of nothing") }
        position += 1
        return .set(ScalarSet([Character.byte(byte).part]))
    }

    /// What stands between a parenthesis and its end.
    private mutating func group(from start: Int) throws(RegexError) -> RegexNode {
        depth += 1
        guard depth <= Self.maximumDepth else { throw error("groups nested too deeply") }
        let expression = try alternatives()
        guard take(")") else { throw error("a ( without a )", at: start) }
        depth -= 1
        return expression
    }

    private mutating func look(isNegative: Bool) throws(RegexError) -> RegexNode {
        let start = position - 3
        // Nested ones would take a time that grows with the power of their depth.
        guard !isLookingAhead else { throw error("a look ahead inside of another", at: start) }
        isLookingAhead = true
        defer { isLookingAhead = false }
        return .look(try group(from: start), behind: false, negated: isNegative)
    }

    private mutating func groupName() throws(RegexError) {
        let start = position
        while let byte = next, byte.isASCIIWord { position += 1 }
        let name = Array(bytes[start..<position])
        guard let first = name.first, !first.isASCIIDigit, take(">") else {
            throw error("a group's name that is not one", at: start)
        }
        guard names.insert(name).inserted else { throw error("two groups of one name", at: start) }
    }

    private mutating func quantified(
        _ part: RegexNode, at start: Int
    ) throws(RegexError) -> RegexNode? {
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
        return .repeated(part, least: minimum, most: maximum, take("?") ? .lazy : .greedy)
    }

    private mutating func count() throws(RegexError) -> Int? {
        let start = position
        var value = 0
        while let byte = next, byte.isASCIIDigit, value <= Self.maximumCount {
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
        case byte(UInt8), set(ScalarSet)

        var part: ScalarSet.Part {
            switch self {
            case .byte(let byte): .range(UInt32(byte)...UInt32(byte))
            case .set(let set): .set(set)
            }
        }
    }

    /// What stands behind a backslash.
    private mutating func escape() throws(RegexError) -> Character {
        let start = position - 1
        guard let byte = next else { throw error(#"a \ at the end"#, at: start) }
        position += 1
        switch byte {
        case UInt8(ascii: "d"): return .set(Self.digit)
        case UInt8(ascii: "D"): return .set(Self.inverted(Self.digit))
        case UInt8(ascii: "w"): return .set(Self.word)
        case UInt8(ascii: "W"): return .set(Self.inverted(Self.word))
        case UInt8(ascii: "s"): return .set(Self.space)
        case UInt8(ascii: "S"): return .set(Self.inverted(Self.space))
        default:
            guard !byte.isASCIIWord || byte == UInt8(ascii: "_") else {
                throw error("an escape that is not supported", at: start)
            }
            return .byte(byte)
        }
    }

    /// What stands between `[` and `]`.
    private mutating func bracket(from start: Int) throws(RegexError) -> ScalarSet {
        let isNegative = take("^")
        var parts: [ScalarSet.Part] = []
        let first = position
        while position == first || !take("]") {
            guard next != nil else { throw error("a [ without a ]", at: start) }
            switch try bracketCharacter() {
            case .set(let named):
                guard !startsRange else { throw error("a range that begins in a class") }
                parts.append(.set(named))
            case .byte(let low):
                guard startsRange else {
                    parts.append(Character.byte(low).part)
                    continue
                }
                position += 1
                guard case .byte(let high) = try bracketCharacter(), low <= high else {
                    throw error("a range that goes backwards or ends in a class")
                }
                parts.append(.range(UInt32(low)...UInt32(high)))
            }
        }
        return ScalarSet(parts, negated: isNegative)
    }

    /// Whether a `-` follows that is not the last before the bracket's end.
    private var startsRange: Bool {
        next == UInt8(ascii: "-") && position + 1 < bytes.count && bytes[position + 1] != UInt8(ascii: "]")
    }

    private mutating func bracketCharacter() throws(RegexError) -> Character {
        if take(#"\"#) { return try escape() }
        guard let byte = next else { throw error("a [ without a ]") }
        // Python warns that these may mean sets of sets one day.
        let isReserved = byte == UInt8(ascii: "[") || "-&~|".utf8.contains(byte) && following == byte
        guard !isReserved else { throw error("a character that is reserved in brackets") }
        position += 1
        return .byte(byte)
    }

    private var following: UInt8? { position + 1 < bytes.count ? bytes[position + 1] : nil }

    // MARK: Classes, of ASCII alone

    private static let digit = ScalarSet([.range(0x30...0x39)])
    private static let space = ScalarSet([.range(0x09...0x0D), .range(0x20...0x20)])
    static let word = ScalarSet([
        .range(0x30...0x39), .range(0x41...0x5A), .range(0x5F...0x5F), .range(0x61...0x7A),
    ])
    /// What a point means: anything but the end of a line.
    private static let any = ScalarSet([.range(0x0A...0x0A)], negated: true)

    private static func inverted(_ set: ScalarSet) -> ScalarSet { ScalarSet([.set(set)], negated: true) }
}
