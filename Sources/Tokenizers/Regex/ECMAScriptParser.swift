/// Reads a regular expression in ECMAScript's grammar, as far as C++'s `std::regex` takes it, over bytes: every
/// byte stands for the scalar of its number.
///
/// Back references and collating symbols are not supported, and are errors. Everything else that C++ takes is.
struct ECMAScriptParser: ASCIIRegexParser {
    let scalars: [Unicode.Scalar]
    var position = 0
    var depthLeft = 100

    /// Takes an expression as its UTF-8.
    init(_ text: String) { scalars = text.utf8.map { Unicode.Scalar($0) } }

    /// The whole pattern.
    /// - Throws: where it is no expression of the grammar, or has what is not supported.
    mutating func parse() throws(RegexError) -> RegexNode { try whole() }

    // MARK: The grammar

    mutating func term() throws(RegexError) -> RegexNode {
        if let assertion = try assertion() { return assertion }
        var part = try atom()
        var stacked = 0
        while let (least, most) = try repetition() {
            stacked += 1
            guard stacked <= 100 else { throw error("too many repetitions of one thing") }
            part = .repeated(part, least: least, most: most, take("?") ? .lazy : .greedy)
        }
        return part
    }

    private mutating func assertion() throws(RegexError) -> RegexNode? {
        let start = position
        if take("^") { return .assertion(.textStart) }
        if take("$") { return .assertion(.textEnd) }
        if take(text: #"\b"#) { return .assertion(.wordBoundary) }
        if take(text: #"\B"#) { return .assertion(.noWordBoundary) }
        if take(text: "(?=") { return .look(try group(from: start), behind: false, negated: false) }
        if take(text: "(?!") { return .look(try group(from: start), behind: false, negated: true) }
        return nil
    }

    private mutating func atom() throws(RegexError) -> RegexNode {
        let start = position
        switch try taken(or: "nothing") {
        case ".": return .set(Self.any)
        case "[": return .set(try bracket(from: start, takesFirst: false))
        case "(":
            guard take("?") else { return try group(from: start) }
            guard take(":") else { throw error("an unknown kind of group; (?:, (?= and (?! are known") }
            return try group(from: start)
        case "\\": return .set(ScalarSet([try escape(isInBracket: false).part]))
        case "*", "+", "?", "{": throw error("a repetition of nothing", at: start)
        case let scalar: return .set(ScalarSet([RegexCharacter.scalar(scalar).part]))
        }
    }

    /// `2}`, `2,}` or `2,3}`.
    mutating func interval() throws(RegexError) -> (least: Int, most: Int?) {
        let least = try number(or: "a repetition without a number")
        var most: Int? = least
        if take(",") { most = next == "}" ? nil : try number(or: "a repetition without a number") }
        guard take("}") else { throw error("a { without a }") }
        return (least, most)
    }

    private mutating func number(or problem: String) throws(RegexError) -> Int {
        guard let value = try count() else { throw error(problem) }
        return value
    }

    // MARK: Single characters

    /// What stands behind a backslash.
    private mutating func escape(isInBracket: Bool) throws(RegexError) -> RegexCharacter {
        let start = position
        let scalar = try taken(or: #"a \ at the end"#)
        if let set = escapedClass(scalar) { return .set(set) }
        switch scalar {
        case "b" where isInBracket: return .scalar("\u{08}")
        case "0": return .scalar("\0")
        case "f": return .scalar("\u{0C}")
        case "n": return .scalar("\n")
        case "r": return .scalar("\r")
        case "t": return .scalar("\t")
        case "v": return .scalar("\u{0B}")
        case "x": return .scalar(try byte(2))
        case "u": return .scalar(try byte(4))
        case "1"..."9": throw error("a reference to a group, which is not supported", at: start)
        default: return .scalar(scalar)
        }
    }

    private mutating func byte(_ digits: Int) throws(RegexError) -> Unicode.Scalar {
        let start = position
        guard let byte = UInt8(exactly: try hexadecimal(digits)) else {
            throw error("a character past one byte", at: start)
        }
        return Unicode.Scalar(byte)
    }

    mutating func bracketCharacter() throws(RegexError) -> RegexCharacter {
        let start = position
        let scalar = try taken(or: "a [ without a ]")
        if scalar == "\\" { return try escape(isInBracket: true) }
        guard scalar == "[", let kind = next, kind == ":" || kind == "." || kind == "=" else {
            return .scalar(scalar)
        }
        guard take(":") else { throw error("a collating symbol, which is not supported", at: start) }
        var name = ""
        while let scalar = next, scalar != ":" {
            name.unicodeScalars.append(scalar)
            position += 1
        }
        guard take(text: ":]"), let set = Self.named(name) else {
            throw error("an unknown class of characters", at: start)
        }
        return .set(set)
    }

    // MARK: Classes

    /// What a point means: anything but the end of a line.
    private static let any = ScalarSet([.range(0x0A...0x0A), .range(0x0D...0x0D)], negated: true)

    private static let lower = ScalarSet([.range(0x61...0x7A)])
    private static let upper = ScalarSet([.range(0x41...0x5A)])
    private static let alphanumeric = ScalarSet([.set(lower), .set(upper), .set(.asciiDigit)])
    private static let graphic = ScalarSet([.range(0x21...0x7E)])

    /// The classes that `[:name:]` may name in a bracket (C's, in the C locale); `nil` for another name.
    private static func named(_ name: String) -> ScalarSet? {
        switch name {
        case "alpha": ScalarSet([.set(lower), .set(upper)])
        case "alnum": alphanumeric
        case "digit", "d": .asciiDigit
        case "lower": lower
        case "upper": upper
        case "space", "s": .asciiSpace
        case "w": .asciiWord
        case "blank": ScalarSet([.range(0x20...0x20), .range(0x09...0x09)])
        case "xdigit": ScalarSet([.set(.asciiDigit), .range(0x61...0x66), .range(0x41...0x46)])
        case "cntrl": ScalarSet([.range(0...0x1F), .range(0x7F...0x7F)])
        case "graph": graphic
        case "print": ScalarSet([.set(graphic), .range(0x20...0x20)])
        case "punct": ScalarSet([.set(graphic)], also: [alphanumeric.inverted])
        default: nil
        }
    }
}
