/// Reads a regular expression in the syntax of Oniguruma, as far as the patterns of tokenizers use it.
///
/// What is not supported (back references, conditions, named calls) is an error, never read as something else.
struct RegexParser: RegexReading {
    let scalars: [Unicode.Scalar]
    var position = 0
    /// Whether `(?i)` holds where the next thing is read.
    var ignoresCase = false
    private var spansLines = false
    private var skipsSpace = false
    var depthLeft = 64

    /// Takes an expression; its units are scalars.
    init(_ pattern: String) {
        scalars = Array(pattern.unicodeScalars)
    }

    /// The whole pattern.
    mutating func parse() throws(RegexError) -> RegexNode {
        let node = try alternatives()
        guard position == scalars.count else { throw RegexError("')' without '('") }
        return node
    }

    private mutating func alternatives() throws(RegexError) -> RegexNode {
        // Options such as (?i) hold to the end of the group they stand in.
        let options = (ignoresCase, spansLines, skipsSpace)
        defer { (ignoresCase, spansLines, skipsSpace) = options }
        var branches = [try sequence()]
        while take("|") { branches.append(try sequence()) }
        return branches.count == 1 ? branches[0] : .alternatives(branches)
    }

    private mutating func sequence() throws(RegexError) -> RegexNode {
        var nodes: [RegexNode] = []
        while let scalar = next, scalar != "|", scalar != ")" {
            if skipsSpace, scalar.properties.isWhitespace || scalar == "#" {
                position += 1
                if scalar == "#" { while let inside = next, inside != "\n" { position += 1; _ = inside } }
                continue
            }
            if try takeOptions() { continue }
            var node = try atom()
            var stacked = 0
            while let quantified = try quantified(node) {
                stacked += 1
                guard stacked <= 64 else { throw RegexError("too many repetitions of one thing") }
                node = quantified
            }
            nodes.append(node)
        }
        switch nodes.count {
        case 0: return .empty
        case 1: return nodes[0]
        default: return .sequence(nodes)
        }
    }

    /// `(?i)`, `(?m-i)` and the like, which hold for what follows.
    private mutating func takeOptions() throws(RegexError) -> Bool {
        let start = position
        guard take(text: "(?"), try options(), take(")") else {
            position = start
            return false
        }
        return true
    }

    /// The letters of `(?im-x`; whether there is nothing else before `)` or `:`.
    private mutating func options() throws(RegexError) -> Bool {
        let before = (ignoresCase, spansLines, skipsSpace)
        var on = true
        while let scalar = next {
            switch scalar {
            case "i": ignoresCase = on
            case "m", "s": spansLines = on
            case "x": skipsSpace = on
            case "-": on = false
            case ")", ":":
                if scalar == ":" { (ignoresCase, spansLines, skipsSpace) = before }
                return true
            default:
                (ignoresCase, spansLines, skipsSpace) = before
                return false
            }
            position += 1
        }
        (ignoresCase, spansLines, skipsSpace) = before
        return false
    }

    private mutating func atom() throws(RegexError) -> RegexNode {
        guard let scalar = next else { return .empty }
        position += 1
        switch scalar {
        case "(": return try nested { (parser) throws(RegexError) in try parser.group() }
        case "[": return .set(try nested { (parser) throws(RegexError) in try parser.characterClass() })
        case ".":
            return .set(
                spansLines ? ScalarSet([.everything]) : ScalarSet([.range(0x0A...0x0A)], negated: true))
        case "^": return .assertion(.lineStart)
        case "$": return .assertion(.lineEnd)
        case "\\": return try escape()
        case "*", "+", "?": throw RegexError("'\(scalar)' has nothing to repeat")
        default: return .set(ScalarSet(scalar, ignoresCase: ignoresCase))
        }
    }

    /// What follows `(`, up to its `)`.
    private mutating func group() throws(RegexError) -> RegexNode {
        var wrap: (RegexNode) -> RegexNode = { $0 }
        let options = (ignoresCase, spansLines, skipsSpace)
        defer { (ignoresCase, spansLines, skipsSpace) = options }
        if take("?") {
            if take(text: "<=") {
                wrap = { .look($0, behind: true, negated: false) }
            } else if take(text: "<!") {
                wrap = { .look($0, behind: true, negated: true) }
            } else if take("=") {
                wrap = { .look($0, behind: false, negated: false) }
            } else if take("!") {
                wrap = { .look($0, behind: false, negated: true) }
            } else if take(">") {
                wrap = { .atomic($0) }
            } else if take("#") {
                while let inside = next, inside != ")" { position += 1; _ = inside }
                guard take(")") else { throw RegexError("a comment without ')'") }
                return .empty
            } else if take("<") || take(text: "P<") {
                while let inside = next, inside != ">" { position += 1; _ = inside }
                guard take(">") else { throw RegexError("a group's name without '>'") }
            } else {
                try scopedOptions()
            }
        }
        let node = try alternatives()
        guard take(")") else { throw RegexError("'(' without ')'") }
        return wrap(node)
    }

    private mutating func scopedOptions() throws(RegexError) {
        var on = true
        while let scalar = next {
            position += 1
            switch scalar {
            case "i": ignoresCase = on
            case "m", "s": spansLines = on
            case "x": skipsSpace = on
            case "-": on = false
            case ":": return
            default: throw RegexError("'(?\(scalar)' is not supported")
            }
        }
        throw RegexError("'(' without ')'")
    }

    private mutating func quantified(_ node: RegexNode) throws(RegexError) -> RegexNode? {
        guard let scalar = next else { return nil }
        let start = position
        position += 1
        switch scalar {
        case "*": return .repeated(node, least: 0, most: nil, greed())
        case "+": return .repeated(node, least: 1, most: nil, greed())
        case "?": return .repeated(node, least: 0, most: 1, greed())
        case "{":
            guard let (least, most) = try interval() else {
                position = start
                return nil
            }
            // `{1,3}+` repeats the repetition in this syntax: only `?` belongs to an interval.
            return .repeated(node, least: least, most: most, take("?") ? .lazy : .greedy)
        default:
            position = start
            return nil
        }
    }

    private mutating func greed() -> RegexGreed {
        if take("?") { return .lazy }
        return take("+") ? .possessive : .greedy
    }

    /// `2}`, `2,}`, `,3}` or `2,3}`; `nil` for what is no interval, whose `{` stands for itself.
    private mutating func interval() throws(RegexError) -> (least: Int, most: Int?)? {
        let least = number()
        if take("}") { return least.map { ($0, $0) } }
        guard take(",") else { return nil }
        let most = number()
        guard take("}"), least != nil || most != nil else { return nil }
        if let least, let most, most < least { throw RegexError("an interval runs backwards") }
        guard max(least ?? 0, most ?? 0) <= maximumRepetitions else {
            throw RegexError("an interval is too long")
        }
        return (least ?? 0, most)
    }
}
