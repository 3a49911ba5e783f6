extension RegexParser {
    /// What follows `[`, up to its `]`: ranges, escapes, classes within and `&&`.
    mutating func characterClass() throws(RegexError) -> ScalarSet {
        let negated = take("^")
        var parts: [ScalarSet.Part] = []
        var groups: [[ScalarSet.Part]] = []
        var isFirst = true
        while true {
            guard let scalar = next else { throw RegexError("'[' without ']'") }
            if scalar == "]", !isFirst {
                position += 1
                break
            }
            isFirst = false
            if take(text: "&&") {
                groups.append(parts)
                parts = []
                continue
            }
            parts.append(try classPart())
        }
        if groups.isEmpty { return ScalarSet(parts, negated: negated, ignoresCase: ignoresCase) }
        groups.append(parts)
        let sets = groups.map { ScalarSet($0, ignoresCase: ignoresCase) }
        return ScalarSet([.everything], also: sets, negated: negated)
    }

    private mutating func classPart() throws(RegexError) -> ScalarSet.Part {
        if next == "[" {
            if let posix = try posixClass() { return posix }
            position += 1
            return .set(try nested { (parser) throws(RegexError) in try parser.characterClass() })
        }
        if next == "\\" {
            position += 1
            if let part = try classEscape() { return part }
            position -= 1
        }
        let low = try classScalar()
        // A '-' before ']' or a class stands for itself.
        guard next == "-", position + 1 < scalars.count, scalars[position + 1] != "]",
            scalars[position + 1] != "["
        else { return .range(low.value...low.value) }
        let start = position
        position += 1
        if next == "\\" {
            position += 1
            let isClass = try classEscape() != nil
            if isClass {
                position = start
                return .range(low.value...low.value)
            }
            position -= 1
        }
        let high = try classScalar()
        guard low.value <= high.value else { throw RegexError("a range of a class runs backwards") }
        return .range(low.value...high.value)
    }

    private mutating func classScalar() throws(RegexError) -> Unicode.Scalar {
        guard let scalar = next else { throw RegexError("'[' without ']'") }
        position += 1
        guard scalar == "\\" else { return scalar }
        if take("b") { return "\u{08}" }
        return try scalarEscape()
    }

    /// `[:alpha:]` and the like; `nil`, and nothing taken, for what only looks like one.
    private mutating func posixClass() throws(RegexError) -> ScalarSet.Part? {
        let start = position
        guard take(text: "[:") else { return nil }
        let negated = take("^")
        var name = ""
        while let scalar = next, scalar.isASCII, scalar.properties.isLowercase, name.utf8.count < 20 {
            name.unicodeScalars.append(scalar)
            position += 1
        }
        guard take(text: ":]"), var part = Self.property(name) else {
            position = start
            return nil
        }
        // Unlike the property of that name.
        if name == "punct" { part = .categories([.punctuation, .symbol]) }
        return negated ? .set(ScalarSet([part], negated: true)) : part
    }
}
