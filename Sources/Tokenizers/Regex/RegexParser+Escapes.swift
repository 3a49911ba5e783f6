extension RegexParser {
    /// What follows a backslash outside of a class.
    mutating func escape() throws(RegexError) -> RegexNode {
        switch next {
        case "A": return assertion(.textStart)
        case "z": return assertion(.textEnd)
        case "Z": return assertion(.textEndOrLastLine)
        case "b": return assertion(.wordBoundary)
        case "B": return assertion(.noWordBoundary)
        case "R":
            position += 1
            let pair = RegexNode.sequence([.set(ScalarSet("\r")), .set(ScalarSet("\n"))])
            let single = ScalarSet([.range(0x0A...0x0D), .range(0x85...0x85), .range(0x2028...0x2029)])
            return .atomic(.alternatives([pair, .set(single)]))
        case "w":
            position += 1
            return .set(.word)
        case "W":
            position += 1
            return .set(ScalarSet([.set(.word)], negated: true))
        default: break
        }
        if let part = try classEscape() { return .set(ScalarSet([part], ignoresCase: ignoresCase)) }
        return .set(ScalarSet(try scalarEscape(), ignoresCase: ignoresCase))
    }

    private mutating func assertion(_ assertion: RegexAssertion) -> RegexNode {
        position += 1
        return .assertion(assertion)
    }

    /// `\s`, `\p{L}` and the like; `nil`, and nothing taken, for an escape of one scalar.
    mutating func classEscape() throws(RegexError) -> ScalarSet.Part? {
        guard let scalar = next else { throw RegexError("a backslash ends the pattern") }
        let part: ScalarSet.Part
        switch scalar {
        case "s", "S": part = .whiteSpace
        case "d", "D": part = .categories(.nd)
        case "w", "W": part = .word
        case "h", "H":
            part = .set(ScalarSet([.range(0x30...0x39), .range(0x41...0x46), .range(0x61...0x66)]))
        case "N": part = .range(0x0A...0x0A)
        case "p", "P":
            position += 1
            return try property(negated: scalar == "P")
        default: return nil
        }
        position += 1
        let isNegated = scalar.properties.isUppercase
        return isNegated ? .set(ScalarSet([part], negated: true)) : part
    }

    /// What follows `\p`: `{Name}`, `{^Name}` or one letter.
    private mutating func property(negated: Bool) throws(RegexError) -> ScalarSet.Part {
        var negated = negated
        var name = ""
        if take("{") {
            if take("^") { negated.toggle() }
            while let scalar = next, scalar != "}" {
                if name.utf8.count > 64 { throw RegexError("a property's name is too long") }
                name.unicodeScalars.append(scalar)
                position += 1
            }
            guard take("}") else { throw RegexError("'\\p{' without '}'") }
        } else if let scalar = next {
            name.unicodeScalars.append(scalar)
            position += 1
        }
        guard let part = Self.property(name) else {
            throw RegexError("the property '\(name)' is not known")
        }
        return negated ? .set(ScalarSet([part], negated: true)) : part
    }

    /// The property of a name in any case, spaces, `-` and `_` left out; `Script=` and the like are allowed.
    static func property(_ name: String) -> ScalarSet.Part? {
        var folded = ""
        for scalar in name.unicodeScalars where scalar != " " && scalar != "-" && scalar != "_" {
            folded += scalar.properties.lowercaseMapping
        }
        if let sign = folded.unicodeScalars.firstIndex(of: "=") {
            let kind = folded.unicodeScalars[..<sign]
            let value = String(folded.unicodeScalars[folded.unicodeScalars.index(after: sign)...])
            switch String(kind) {
            case "script", "sc": return UnicodeScript(name: value).map { .script($0) }
            case "generalcategory", "gc": return ScalarCategories(name: value).map { .categories($0) }
            default: return nil
            }
        }
        if let categories = ScalarCategories(name: folded) { return .categories(categories) }
        switch folded {
        case "any": return .everything
        case "assigned": return .set(ScalarSet([.categories(.cn)], negated: true))
        case "ascii": return .range(0...0x7F)
        case "alpha", "alphabetic": return .alphabetic
        case "lower", "lowercase": return .lowercase
        case "upper", "uppercase": return .uppercase
        case "space", "whitespace": return .whiteSpace
        case "word": return .word
        case "alnum": return .set(ScalarSet([.alphabetic, .categories(.nd)]))
        case "blank": return .set(ScalarSet([.categories(.zs), .range(0x09...0x09)]))
        case "xdigit":
            return .set(ScalarSet([.range(0x30...0x39), .range(0x41...0x46), .range(0x61...0x66)]))
        default: return UnicodeScript(name: folded).map { .script($0) }
        }
    }

    /// `\n`, `\x41`, `\u00e9`, `\x{1F600}`, or the scalar itself.
    mutating func scalarEscape() throws(RegexError) -> Unicode.Scalar {
        guard let scalar = next else { throw RegexError("a backslash ends the pattern") }
        position += 1
        switch scalar {
        case "n": return "\n"
        case "r": return "\r"
        case "t": return "\t"
        case "f": return "\u{0C}"
        case "v": return "\u{0B}"
        case "a": return "\u{07}"
        case "e": return "\u{1B}"
        case "0": return "\0"
        case "u": return try hexadecimalScalar(4)
        case "x":
            guard take("{") else { return try hexadecimalScalar(2) }
            var digits = 0
            while digits < 8, position + digits < scalars.count, scalars[position + digits] != "}" {
                digits += 1
            }
            let result = try hexadecimalScalar(digits)
            guard take("}") else { throw RegexError("'\\x{' without '}'") }
            return result
        case "1"..."9": throw RegexError("back references are not supported")
        case "k", "g", "K", "G", "X", "y", "Y", "M", "C", "c":
            throw RegexError("'\\\(scalar)' is not supported")
        default: return scalar
        }
    }

    private mutating func hexadecimalScalar(_ digits: Int) throws(RegexError) -> Unicode.Scalar {
        guard let result = Unicode.Scalar(try hexadecimal(digits)) else {
            throw RegexError("an escape names no scalar")
        }
        return result
    }
}
