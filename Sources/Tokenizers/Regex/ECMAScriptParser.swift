/// Reads a regular expression in ECMAScript's grammar, as far as C++'s `std::regex` takes it, over bytes: every
/// byte stands for the scalar of its number.
///
/// Back references and collating symbols are not supported, and are errors. Everything else that C++ takes is.
struct ECMAScriptParser {
    /// How deep groups may nest.
    private static let maximumDepth = 100
    /// The most repetitions that can be asked for.
    private static let maximumCount = 1_000

    private let bytes: [UInt8]
    private var position = 0
    private var depth = 0

    init(_ text: String) { bytes = Array(text.utf8) }

    mutating func parse() throws(RegexError) -> RegexNode {
        let expression = try alternatives()
        // Only a parenthesis can be left.
        guard position == bytes.count else { throw error("a ) without a (") }
        return expression
    }

    private func error(_ problem: String, at offset: Int? = nil) -> RegexError {
        RegexError(problem, at: offset ?? position)
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: scalar) else { return false }
        position += 1
        return true
    }

    private mutating func takeByte(_ what: String) throws(RegexError) -> UInt8 {
        guard let byte = next else { throw error(what) }
        position += 1
        return byte
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
            if let assertion = try assertion() {
                parts.append(assertion)
                continue
            }
            var part = try atom()
            var stacked = 0
            while let repeated = try quantified(part) {
                stacked += 1
                guard stacked <= Self.maximumDepth else { throw error("too many repetitions of one thing") }
                part = repeated
            }
            parts.append(part)
        }
        return parts.isEmpty ? .empty : .sequence(parts)
    }

    private mutating func assertion() throws(RegexError) -> RegexNode? {
        if take("^") { return .assertion(.textStart) }
        if take("$") { return .assertion(.textEnd) }
        let rest = bytes[position...]
        for (text, assertion) in [(#"\b"#, RegexAssertion.wordBoundary), (#"\B"#, .noWordBoundary)]
        where rest.starts(with: text.utf8) {
            position += 2
            return .assertion(assertion)
        }
        for (text, isNegative) in [("(?=", false), ("(?!", true)] where rest.starts(with: text.utf8) {
            position += 3
            return .look(try group(), behind: false, negated: isNegative)
        }
        return nil
    }

    /// What stands between a parenthesis and its end.
    private mutating func group() throws(RegexError) -> RegexNode {
        let start = position - 1
        depth += 1
        guard depth <= Self.maximumDepth else { throw error("groups nested too deeply") }
        let expression = try alternatives()
        guard take(")") else { throw error("a ( without a )", at: start) }
        depth -= 1
        return expression
    }

    private mutating func atom() throws(RegexError) -> RegexNode {
        let start = position
        switch try takeByte("nothing") {
        case UInt8(ascii: "."): return .set(Self.any)
        case UInt8(ascii: "["): return .set(try bracket())
        case UInt8(ascii: "("):
            guard take("?") else { return try group() }
            guard take(":") else { throw error("an unknown kind of group; (?:, (?= and (?! are known") }
            return try group()
        case UInt8(ascii: "\\"):
            return .set(ScalarSet([try escape(isInBracket: false).part]))
        case UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "?"), UInt8(ascii: "{"):
            throw error("a repetition of nothing", at: start)
        case let byte: return .set(ScalarSet([Character.byte(byte).part]))
        }
    }

    private mutating func quantified(
        _ part: RegexNode
    ) throws(RegexError) -> RegexNode? {
        var minimum = 0
        var maximum: Int?
        if take("*") {
        } else if take("+") {
            minimum = 1
        } else if take("?") {
            maximum = 1
        } else if take("{") {
            minimum = try count()
            maximum = minimum
            if take(",") { maximum = next == UInt8(ascii: "}") ? nil : try count() }
            guard take("}") else { throw error("a { without a }") }
            guard minimum <= maximum ?? .max else { throw error("a repetition from more to less") }
        } else {
            return nil
        }
        return .repeated(part, least: minimum, most: maximum, take("?") ? .lazy : .greedy)
    }

    private mutating func count() throws(RegexError) -> Int {
        let start = position
        var value = 0
        while let byte = next, (0x30...0x39).contains(byte), value <= Self.maximumCount {
            value = value * 10 + Int(byte - UInt8(ascii: "0"))
            position += 1
        }
        guard position > start else { throw error("a repetition without a number") }
        guard value <= Self.maximumCount else {
            throw error("more than \(Self.maximumCount) repetitions", at: start)
        }
        return value
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
    private mutating func escape(isInBracket: Bool) throws(RegexError) -> Character {
        let start = position
        let byte = try takeByte(#"a \ at the end"#)
        switch byte {
        case UInt8(ascii: "d"): return .set(Self.digit)
        case UInt8(ascii: "D"): return .set(Self.inverted(Self.digit))
        case UInt8(ascii: "w"): return .set(Self.word)
        case UInt8(ascii: "W"): return .set(Self.inverted(Self.word))
        case UInt8(ascii: "s"): return .set(Self.space)
        case UInt8(ascii: "S"): return .set(Self.inverted(Self.space))
        case UInt8(ascii: "b") where isInBracket: return .byte(0x08)
        case UInt8(ascii: "0"): return .byte(0)
        case UInt8(ascii: "f"): return .byte(0x0C)
        case UInt8(ascii: "n"): return .byte(0x0A)
        case UInt8(ascii: "r"): return .byte(0x0D)
        case UInt8(ascii: "t"): return .byte(0x09)
        case UInt8(ascii: "v"): return .byte(0x0B)
        case UInt8(ascii: "x"): return .byte(try hexadecimal(digits: 2))
        case UInt8(ascii: "u"): return .byte(try hexadecimal(digits: 4))
        case UInt8(ascii: "1")...UInt8(ascii: "9"):
            throw error("a reference to a group, which is not supported", at: start)
        default: return .byte(byte)
        }
    }

    private mutating func hexadecimal(digits: Int) throws(RegexError) -> UInt8 {
        let start = position
        var value = 0
        for _ in 0..<digits {
            let byte = try takeByte("a hexadecimal number that ends too early")
            guard let digit = Int(String(Unicode.Scalar(byte)), radix: 16) else {
                throw error("no hexadecimal digit", at: position - 1)
            }
            value = value * 16 + digit
        }
        guard let byte = UInt8(exactly: value) else { throw error("a character past one byte", at: start) }
        return byte
    }

    // MARK: Brackets

    /// What stands between `[` and `]`.
    private mutating func bracket() throws(RegexError) -> ScalarSet {
        let start = position - 1
        let isNegative = take("^")
        var parts: [ScalarSet.Part] = []
        while !take("]") {
            guard next != nil else { throw error("a [ without a ]", at: start) }
            switch try bracketCharacter() {
            case .set(let named):
                guard !startsRange else { throw error("a range that begins in a class") }
                parts.append(.set(named))
            case .byte(let first):
                guard startsRange else {
                    parts.append(Character.byte(first).part)
                    continue
                }
                position += 1
                guard case .byte(let last) = try bracketCharacter(), first <= last else {
                    throw error("a range that goes backwards or ends in a class")
                }
                parts.append(.range(UInt32(first)...UInt32(last)))
            }
        }
        return ScalarSet(parts, negated: isNegative)
    }

    /// Whether a `-` follows that is not the last before the bracket's end.
    private var startsRange: Bool {
        next == UInt8(ascii: "-") && position + 1 < bytes.count && bytes[position + 1] != UInt8(ascii: "]")
    }

    private mutating func bracketCharacter() throws(RegexError) -> Character {
        let start = position
        let byte = try takeByte("a [ without a ]")
        if byte == UInt8(ascii: "\\") { return try escape(isInBracket: true) }
        guard byte == UInt8(ascii: "["), let kind = next, [0x3A, 0x2E, 0x3D].contains(kind) else {
            return .byte(byte)
        }
        guard kind == UInt8(ascii: ":") else {
            throw error("a collating symbol, which is not supported", at: start)
        }
        position += 1
        let name = bytes[position...].prefix { $0 != UInt8(ascii: ":") }
        position += name.count
        guard take(":"), take("]"), let set = Self.named(String(decoding: name, as: UTF8.self)) else {
            throw error("an unknown class of characters", at: start)
        }
        return .set(set)
    }
}
