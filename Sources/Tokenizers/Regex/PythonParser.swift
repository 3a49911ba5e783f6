import Formats

/// Reads a regular expression as `re._parser` of CPython 3.9 to 3.14 does, as far as all of them agree and no flag is
/// set.
struct PythonParser: ASCIIRegexParser {
    let scalars: [Unicode.Scalar]
    var position = 0
    var depthLeft = 100
    private var isLookingAhead = false
    private var names: Set<[Unicode.Scalar]> = []

    /// Takes an expression as its UTF-8; other characters than those of ASCII are refused when it is parsed.
    init(_ text: String) { scalars = text.utf8.map { Unicode.Scalar($0) } }

    /// The whole pattern.
    /// - Throws: where it is no expression in all versions of Python, or has what is not supported.
    mutating func parse() throws(RegexError) -> RegexNode {
        if let odd = scalars.firstIndex(where: { !(0x20...0x7E).contains($0.value) }) {
            throw error("a character that is not printable ASCII", at: odd)
        }
        return try whole()
    }

    // MARK: The grammar

    mutating func term() throws(RegexError) -> RegexNode {
        let start = position
        let part = try self.part()
        guard let (least, most) = try repetition() else { return part }
        // Python leaves a loop that does not advance earlier than mathematics does.
        guard !part.canBeEmpty else { throw error("a repetition of what may be empty", at: start) }
        let repeated = RegexNode.repeated(part, least: least, most: most, take("?") ? .lazy : .greedy)
        if startsRepetition { throw error("a repetition of a repetition") }
        return repeated
    }

    private var startsRepetition: Bool { next.map { "*+?{".unicodeScalars.contains($0) } ?? false }

    private mutating func part() throws(RegexError) -> RegexNode {
        let start = position
        if take("^") || take(text: #"\A"#) { return .assertion(.textStart) }
        // A text without the end of a line ends in one place alone.
        if take("$") || take(text: #"\Z"#) { return .assertion(.textEnd) }
        if take(text: #"\b"#) { return .assertion(.wordBoundary) }
        if take(text: #"\B"#) { return .assertion(.noWordBoundary) }
        if take(text: "(?=") { return try look(isNegative: false) }
        if take(text: "(?!") { return try look(isNegative: true) }
        if take(text: "(?:") { return try group(from: start) }
        if take(text: "(?P<") {
            try groupName()
            return try group(from: start)
        }
        if take(text: "(?") { throw error("a kind of group that is not supported", at: start) }
        if take("(") { return try group(from: start) }
        if take(".") { return .set(Self.any) }
        if take("[") { return .set(try bracket(from: start, takesFirst: true)) }
        if take("\\") { return .set(ScalarSet([try escape().part])) }
        guard !startsRepetition else { throw error("a repetition of nothing") }
        return .set(ScalarSet([RegexCharacter.scalar(try taken(or: "a repetition of nothing")).part]))
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
        while let scalar = next, isWord(scalar) { position += 1 }
        let name = Array(scalars[start..<position])
        guard let first = name.first, !("0"..."9").contains(first), take(">") else {
            throw error("a group's name that is not one", at: start)
        }
        guard names.insert(name).inserted else { throw error("two groups of one name", at: start) }
    }

    private func isWord(_ scalar: Unicode.Scalar) -> Bool {
        UInt8(exactly: scalar.value)?.isASCIIWord ?? false
    }

    /// `2}`, `2,}`, `,3}` or `2,3}`.
    mutating func interval() throws(RegexError) -> (least: Int, most: Int?) {
        let first = try count()
        var most = first
        if take(",") {
            most = try count()
            guard first != nil || most != nil else { throw error("a { without numbers") }
        }
        guard first != nil || most != nil, take("}") else { throw error("a { without a }") }
        return (first ?? 0, most)
    }

    // MARK: Single characters

    /// What stands behind a backslash.
    private mutating func escape() throws(RegexError) -> RegexCharacter {
        let start = position - 1
        guard let scalar = next else { throw error(#"a \ at the end"#, at: start) }
        position += 1
        if let set = escapedClass(scalar) { return .set(set) }
        guard !isWord(scalar) || scalar == "_" else {
            throw error("an escape that is not supported", at: start)
        }
        return .scalar(scalar)
    }

    mutating func bracketCharacter() throws(RegexError) -> RegexCharacter {
        if take("\\") { return try escape() }
        guard let scalar = next else { throw error("a [ without a ]") }
        // Python warns that these may mean sets of sets one day.
        let isReserved =
            scalar == "[" || "-&~|".unicodeScalars.contains(scalar) && following == scalar
        guard !isReserved else { throw error("a character that is reserved in brackets") }
        position += 1
        return .scalar(scalar)
    }

    /// What a point means: anything but the end of a line.
    private static let any = ScalarSet([.range(0x0A...0x0A)], negated: true)
}
