/// Reads the expressions of a tag, with the precedence of Jinja 3's operators.
struct JinjaParser {
    /// Brackets and operators inside each other; real templates have about ten.
    private static let maximumNesting = 60
    private static let maximumDepth = 400

    private var rest: ArraySlice<JinjaToken>
    private var line: Int
    private var nesting = 0

    /// Takes a tag, of which nothing is read yet.
    init(_ tag: JinjaRawTag) {
        rest = tag.tokens[...]
        line = tag.line
    }

    /// Whether all of the tag was taken.
    var isAtEnd: Bool { rest.isEmpty }

    /// The error for what comes next, with its line, or the line of the last piece at the end of the tag.
    func problem(_ message: String) -> JinjaProblem {
        JinjaProblem(message: message, line: rest.first?.line ?? line)
    }

    // MARK: Tokens

    /// Whether an operator, a bracket or a comma comes next.
    func isNext(_ sign: String) -> Bool { rest.first?.kind == .sign(sign) }

    /// Whether a name comes next.
    func isNextName(_ name: String) -> Bool { rest.first?.kind == .name(name) }

    /// Takes a sign if it comes next; else `false`, and nothing is taken.
    mutating func take(_ sign: String) -> Bool {
        guard isNext(sign) else { return false }
        next()
        return true
    }

    /// Takes a name if it comes next; else `false`, and nothing is taken.
    mutating func takeName(_ name: String) -> Bool {
        guard isNextName(name) else { return false }
        next()
        return true
    }

    /// Takes a sign.
    mutating func need(_ sign: String) throws(JinjaProblem) {
        guard take(sign) else { throw problem("lacks \"\(sign)\" in a tag") }
    }

    mutating func name() throws(JinjaProblem) -> String {
        guard case .name(let name)? = rest.first?.kind else { throw problem("lacks a name in a tag") }
        next()
        return name
    }

    private mutating func next() {
        if let token = rest.popFirst() { line = token.line }
    }

    private func node(_ content: JinjaNode.Content, at line: Int? = nil) throws(JinjaProblem) -> JinjaNode {
        let probe = JinjaNode(content: content, line: line ?? self.line, depth: 0)
        let depth = (probe.children.map(\.depth).max() ?? 0) + 1
        guard depth <= JinjaParser.maximumDepth else { throw problem("nests too deeply") }
        return JinjaNode(content: content, line: probe.line, depth: depth)
    }

    /// Reads something that may hold itself.
    private mutating func nested(
        _ read: (inout JinjaParser) throws(JinjaProblem) -> JinjaNode
    ) throws(JinjaProblem) -> JinjaNode {
        guard nesting < JinjaParser.maximumNesting else { throw problem("nests too deeply") }
        nesting += 1
        let result = try read(&self)
        nesting -= 1
        return result
    }

    // MARK: Expressions

    /// One expression, or several with commas between them, which are a tuple.
    mutating func tuple(conditional: Bool = true) throws(JinjaProblem) -> JinjaNode {
        let first = try conditional ? expression() : disjunction()
        guard isNext(",") else { return first }
        var nodes = [first]
        while take(",") {
            if isAtEnd || isNext(")") || isNextName("recursive") { break }
            nodes.append(try conditional ? expression() : disjunction())
        }
        return try node(.list(nodes))
    }

    /// One expression, with `if` and `else`; throws if it is nested too deeply.
    mutating func expression() throws(JinjaProblem) -> JinjaNode {
        try nested { parser throws(JinjaProblem) in try parser.conditional() }
    }

    private mutating func conditional() throws(JinjaProblem) -> JinjaNode {
        var value = try disjunction()
        while takeName("if") {
            let condition = try disjunction()
            let other = try takeName("else") ? expression() : nil
            value = try node(.choice(value, condition: condition, other: other))
        }
        return value
    }

    private mutating func disjunction() throws(JinjaProblem) -> JinjaNode {
        var left = try conjunction()
        while takeName("or") { left = try node(.operation("or", [left, conjunction()])) }
        return left
    }

    private mutating func conjunction() throws(JinjaProblem) -> JinjaNode {
        var left = try negation()
        while takeName("and") { left = try node(.operation("and", [left, negation()])) }
        return left
    }

    private mutating func negation() throws(JinjaProblem) -> JinjaNode {
        guard takeName("not") else { return try comparison() }
        let operand = try nested { parser throws(JinjaProblem) in try parser.negation() }
        return try node(.operation("not", [operand]))
    }

    private mutating func comparison() throws(JinjaProblem) -> JinjaNode {
        var left = try sum()
        while true {
            var found: String?
            for sign in ["==", "!=", ">=", "<=", ">", "<"] where found == nil && take(sign) { found = sign }
            if found == nil, takeName("in") { found = "in" }
            if found == nil, isNextName("not"), rest.dropFirst().first?.kind == .name("in") {
                next()
                next()
                found = "in"
            }
            guard let found else { return left }
            left = try node(.operation(found, [left, sum()]))
        }
    }

    private mutating func sum() throws(JinjaProblem) -> JinjaNode {
        var left = try concatenation()
        while isNext("+") || isNext("-") {
            let sign = take("+") ? "+" : "-"
            if sign == "-" { try need("-") }
            left = try node(.operation(sign, [left, concatenation()]))
        }
        return left
    }

    private mutating func concatenation() throws(JinjaProblem) -> JinjaNode {
        var left = try product()
        while take("~") { left = try node(.operation("~", [left, product()])) }
        return left
    }

    private mutating func product() throws(JinjaProblem) -> JinjaNode {
        var left = try power()
        while let sign = ["*", "//", "/", "%"].first(where: isNext) {
            try need(sign)
            left = try node(.operation(sign, [left, power()]))
        }
        return left
    }

    private mutating func power() throws(JinjaProblem) -> JinjaNode {
        var left = try unary()
        while take("**") { left = try node(.operation("**", [left, unary()])) }
        return left
    }

    private mutating func unary(withFilters: Bool = true) throws(JinjaProblem) -> JinjaNode {
        var result: JinjaNode
        if isNext("-") || isNext("+") {
            next()
            let operand = try nested { parser throws(JinjaProblem) in try parser.unary(withFilters: false) }
            result = try node(.operation("sign", [operand]))
        } else {
            result = try postfix(primary())
        }
        if withFilters { result = try filters(result) }
        return result
    }

    private mutating func primary() throws(JinjaProblem) -> JinjaNode {
        guard let token = rest.first else { throw problem("lacks a value in a tag") }
        next()
        switch token.kind {
        case .name(let name):
            let constants = ["true", "false", "none", "True", "False", "None"]
            return try node(constants.contains(name) ? .constant : .name(name))
        case .number: return try node(.number)
        case .text(let text):
            var all = text
            while case .text(let more)? = rest.first?.kind {
                all += more
                next()
            }
            return try node(.text(all))
        case .sign("("):
            if take(")") { return try node(.list([])) }
            let inner = try tuple()
            try need(")")
            return inner
        case .sign("["): return try node(.list(elements(until: "]")))
        case .sign("{"): return try dictionary()
        case .sign: throw problem("lacks a value in a tag")
        }
    }

    private mutating func elements(until end: String) throws(JinjaProblem) -> [JinjaNode] {
        var nodes: [JinjaNode] = []
        while !take(end) {
            if !nodes.isEmpty {
                try need(",")
                if take(end) { break }
            }
            nodes.append(try expression())
        }
        return nodes
    }

    private mutating func dictionary() throws(JinjaProblem) -> JinjaNode {
        var nodes: [JinjaNode] = []
        while !take("}") {
            if !nodes.isEmpty {
                try need(",")
                if take("}") { break }
            }
            nodes.append(try expression())
            try need(":")
            nodes.append(try expression())
        }
        return try node(.dictionary(nodes))
    }

    // MARK: What follows a value

    private mutating func postfix(_ start: JinjaNode) throws(JinjaProblem) -> JinjaNode {
        var result = start
        while true {
            if take(".") {
                if case .number? = rest.first?.kind {
                    next()
                    result = try node(.item(result, node(.number)))
                } else {
                    result = try node(.attribute(result, name()))
                }
            } else if take("[") {
                result = try subscripted(result)
            } else if isNext("(") {
                result = try node(.call(result, arguments()))
            } else {
                return result
            }
        }
    }

    private mutating func subscripted(_ value: JinjaNode) throws(JinjaProblem) -> JinjaNode {
        var parts: [JinjaNode] = []
        var isSlice = false
        var isTuple = false
        while !take("]") {
            if take(":") {
                isSlice = true
            } else if take(",") {
                isTuple = true
            } else {
                parts.append(try expression())
            }
        }
        if isSlice, !isTuple { return try node(.slice(value, parts)) }
        guard let index = parts.first, !isSlice else { throw problem("has brackets without an index") }
        return try node(.item(value, isTuple || parts.count > 1 ? node(.list(parts)) : index))
    }

    private mutating func arguments() throws(JinjaProblem) -> [JinjaArgument] {
        try need("(")
        var arguments: [JinjaArgument] = []
        while !take(")") {
            if !arguments.isEmpty {
                try need(",")
                if take(")") { break }
            }
            if take("*") || take("**") {
                arguments.append(JinjaArgument(name: nil, value: try expression(), isSpread: true))
            } else if case .name(let name)? = rest.first?.kind, rest.dropFirst().first?.kind == .sign("=") {
                next()
                next()
                arguments.append(JinjaArgument(name: name, value: try expression(), isSpread: false))
            } else {
                arguments.append(JinjaArgument(name: nil, value: try expression(), isSpread: false))
            }
        }
        return arguments
    }

    /// Filters and tests behind a value.
    mutating func filters(_ start: JinjaNode) throws(JinjaProblem) -> JinjaNode {
        var result = start
        while true {
            if take("|") {
                result = try filter(result)
            } else if takeName("is") {
                result = try test(result)
            } else if isNext("(") {
                result = try node(.call(result, arguments()))
            } else {
                return result
            }
        }
    }

    /// A filter whose "|" was read, or the first one of a filter block.
    mutating func filter(_ value: JinjaNode?) throws(JinjaProblem) -> JinjaNode {
        let name = try dottedName()
        return try node(.filter(value, name, isNext("(") ? arguments() : []))
    }

    private mutating func dottedName() throws(JinjaProblem) -> String {
        var name = try name()
        while take(".") { name += try "." + self.name() }
        return name
    }

    private mutating func test(_ value: JinjaNode) throws(JinjaProblem) -> JinjaNode {
        let isNegated = takeName("not")
        let name = try dottedName()
        var handed: [JinjaArgument] = []
        if isNext("(") {
            handed = try arguments()
        } else if startsOperand {
            let operand = try nested { parser throws(JinjaProblem) in try parser.postfix(parser.primary()) }
            handed = [JinjaArgument(name: nil, value: operand, isSpread: false)]
        }
        let result = try node(.test(value, name, handed))
        return isNegated ? try node(.operation("not", [result])) : result
    }

    /// Whether what follows a test is what it compares with.
    private var startsOperand: Bool {
        switch rest.first?.kind {
        case .name(let name)?: !["else", "or", "and", "is", "if", "not", "in", "recursive"].contains(name)
        case .text?, .number?: true
        case .sign(let sign)?: ["[", "{"].contains(sign)
        case nil: false
        }
    }
}
