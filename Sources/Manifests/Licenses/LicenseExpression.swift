/// What the text of a licence names: one licence, or several with how they go together.
///
/// SPDX's expressions (`Apache-2.0 OR MIT`, annex D of the SPDX specification 2.3), operators in any case; and lists
/// of model cards, whose elements are joined by commas here and hold together.
package indirect enum LicenseExpression: Equatable {
    /// One licence, as it is written.
    case license(String)
    /// All of them apply.
    case all([LicenseExpression])
    /// One of them may be chosen.
    case any([LicenseExpression])

    /// Reads an expression of identifiers.
    /// - Returns: `nil` if the text is not one, such as a name in several words.
    package init?(_ text: String) {
        var parser = LicenseParser(text)
        guard let parsed = parser.list(), parser.isAtEnd else { return nil }
        self = parsed
    }

    /// Reads what a card or a manifest states: where it is no expression, all of it is the name of one licence.
    package init(stated text: String) { self = LicenseExpression(text) ?? .license(text) }

    /// The licences that are named, in order.
    package var licenses: [String] {
        switch self {
        case .license(let name): [name]
        case .all(let parts), .any(let parts): parts.flatMap(\.licenses)
        }
    }

    /// Whether it is kept when only some licences are accepted.
    package func isAccepted(_ accepts: (String) -> Bool) -> Bool {
        switch self {
        case .license(let name): accepts(name)
        case .all(let parts): parts.allSatisfy { $0.isAccepted(accepts) }
        case .any(let parts): parts.contains { $0.isAccepted(accepts) }
        }
    }
}

/// Reads lists of `or` of `and` of licences and parentheses. An exception (`WITH …`) only allows more than its
/// licence does, and is passed over.
private struct LicenseParser {
    private var rest: ArraySlice<String>
    private var depth = 0

    init(_ text: String) {
        var words: [String] = [""]
        for character in text.unicodeScalars {
            switch character {
            case " ", "\t": words.append("")
            case "(", ")", ",": words += [String(character), ""]
            default: words[words.count - 1].unicodeScalars.append(character)
            }
        }
        rest = words.filter { !$0.isEmpty }[...]
    }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func list() -> LicenseExpression? {
        series(",") { $0.choice() }.map { $0.count == 1 ? $0[0] : .all($0) }
    }

    private mutating func choice() -> LicenseExpression? {
        series("or") { $0.conjunction() }.map { $0.count == 1 ? $0[0] : .any($0) }
    }

    private mutating func conjunction() -> LicenseExpression? {
        series("and") { $0.single() }.map { $0.count == 1 ? $0[0] : .all($0) }
    }

    private mutating func series(
        _ separator: String, _ part: (inout LicenseParser) -> LicenseExpression?
    ) -> [LicenseExpression]? {
        var parts: [LicenseExpression] = []
        repeat {
            guard let next = part(&self) else { return nil }
            parts.append(next)
        } while take(separator)
        return parts
    }

    private mutating func single() -> LicenseExpression? {
        if take("(") {
            depth += 1
            defer { depth -= 1 }
            guard depth <= 16, let inner = choice(), take(")") else { return nil }
            return inner
        }
        guard let name = name() else { return nil }
        if take("with"), self.name() == nil { return nil }
        return .license(name)
    }

    private mutating func name() -> String? {
        guard let word = rest.first, TextRule.license.accepts(word),
            !["and", "or", "with"].contains(word.lowercased())
        else { return nil }
        rest = rest.dropFirst()
        return word
    }

    private mutating func take(_ word: String) -> Bool {
        guard rest.first?.lowercased() == word else { return false }
        rest = rest.dropFirst()
        return true
    }
}
