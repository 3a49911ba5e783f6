import Formats

/// Reads all tags of a template.
enum JinjaTemplate {
    /// The tags in order. Whether blocks end where they should is not looked at: a template in which they do not is
    /// refused before anything of it runs.
    static func tags(of template: [UInt8]) throws(JinjaProblem) -> [JinjaTag] {
        var tags: [JinjaTag] = []
        for raw in try JinjaLexer.tags(of: template) {
            var parser = JinjaParser(raw)
            if raw.isOutput {
                tags.append(.output(try parser.tuple()))
            } else {
                tags += try parser.statement()
            }
            guard parser.isAtEnd else { throw parser.problem("has more in a tag than belongs there") }
        }
        return tags
    }
}

extension JinjaParser {
    /// Statements without anything in them.
    private static let plain: Set<ExactName> = [
        "else", "endif", "endfor", "endset", "endmacro", "endcall", "endfilter", "endwith", "break",
        "continue",
        "generation", "endgeneration",
    ]

    fileprivate mutating func statement() throws(JinjaProblem) -> [JinjaTag] {
        let word = try name()
        switch word {
        case "if", "elif": return [.output(try tuple())]
        case "for": return [try loop()]
        case "set": return [try assignment()]
        case "with": return try with()
        case "macro":
            let name = try self.name()
            return [.macro(name: name, parameters: try parameters())]
        case "call":
            let own: [JinjaTag] = isNext("(") ? [.macro(name: nil, parameters: try parameters())] : []
            return own + [.output(try expression())]
        case "filter":
            let filtered = try filters(try filter(nil))
            return [.output(filtered)]
        case let word where JinjaParser.plain.contains(word):
            // The name behind it repeats the block's.
            if !isAtEnd { _ = try name() }
            return []
        default: throw problem("has the statement \"\(word)\", which chat templates have no use for")
        }
    }

    private mutating func loop() throws(JinjaProblem) -> JinjaTag {
        let targets = try targets()
        guard takeName("in") else { throw problem("lacks \"in\" in a loop") }
        let values = try tuple(conditional: false)
        let condition = try takeName("if") ? expression() : nil
        _ = takeName("recursive")
        return .loop(targets: targets, values: values, condition: condition)
    }

    private mutating func assignment() throws(JinjaProblem) -> JinjaTag {
        let targets = try targets()
        if take("=") { return .assignment(targets: targets, value: try tuple()) }
        guard let target = targets.first, targets.count == 1 else { throw problem("lacks \"=\" in a tag") }
        let filter = try take("|") ? filters(filter(nil)) : nil
        return .block(target: target, filter: filter)
    }

    private mutating func with() throws(JinjaProblem) -> [JinjaTag] {
        var tags: [JinjaTag] = []
        while !isAtEnd {
            if !tags.isEmpty { try need(",") }
            let targets = try targets()
            try need("=")
            tags.append(.assignment(targets: targets, value: try expression()))
        }
        return tags
    }

    /// Names with commas between them, in parentheses or not, and attributes of namespaces.
    private mutating func targets(inside depth: Int = 0) throws(JinjaProblem) -> [JinjaTarget] {
        guard depth < 8 else { throw problem("nests too deeply") }
        let isBracketed = take("(")
        var targets: [JinjaTarget] = []
        repeat {
            if isNext("(") {
                targets += try self.targets(inside: depth + 1)
                continue
            }
            if isNext(")") || isNext("=") || isNextName("in") { break }
            let line = problem("").line
            let name = try name()
            let attribute = try take(".") ? self.name() : nil
            targets.append(JinjaTarget(name: name, attribute: attribute, line: line))
        } while take(",")
        if isBracketed { try need(")") }
        guard !targets.isEmpty else { throw problem("lacks a name in a tag") }
        return targets
    }

    private mutating func parameters() throws(JinjaProblem) -> [(name: String, preset: JinjaNode?)] {
        try need("(")
        var parameters: [(name: String, preset: JinjaNode?)] = []
        while !take(")") {
            if !parameters.isEmpty {
                try need(",")
                if take(")") { break }
            }
            let name = try name()
            parameters.append((name, try take("=") ? expression() : nil))
        }
        return parameters
    }
}
