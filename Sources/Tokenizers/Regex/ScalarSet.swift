/// A set of Unicode scalars, as a class of a regular expression describes it.
struct ScalarSet: Sendable {
    /// One part of the union.
    indirect enum Part: Sendable {
        /// The scalars from one number to another, both included.
        case range(ClosedRange<UInt32>)
        /// The scalars of some general categories.
        case categories(ScalarCategories)
        /// The scalars of a script.
        case script(UnicodeScript)
        /// What has the property White_Space, as `\s`.
        case whiteSpace
        /// What words are made of: what is alphabetic, marks, decimal digits and connectors.
        case word
        /// What has the property Alphabetic.
        case alphabetic
        /// What has the property Lowercase, and U+0295, which lost it.
        case lowercase
        /// What has the property Uppercase.
        case uppercase
        /// Every scalar.
        case everything
        /// A set in brackets inside of another one.
        case set(ScalarSet)
    }

    private let parts: [Part]
    /// Sets that a scalar must be in, too: `&&`.
    private let also: [ScalarSet]
    private let negated: Bool
    private let ignoresCase: Bool
    /// What `\w` and `\b` take: in Latin-1 Oniguruma has the numbers above the line and the fractions, too, but not
    /// where `\w` stands in a class.
    static let word = ScalarSet([.word, .range(0xB2...0xB3), .range(0xB9...0xB9), .range(0xBC...0xBE)])

    /// The answers for U+0000 to U+007F.
    private var ascii: (UInt64, UInt64) = (0, 0)

    /// The union of the parts, less what is not in all of `also`; or all but those.
    /// - Parameter ignoresCase: whether a scalar is in the set where one is that differs by case alone.
    init(_ parts: [Part], also: [ScalarSet] = [], negated: Bool = false, ignoresCase: Bool = false) {
        self.parts = parts
        self.also = also
        self.negated = negated
        self.ignoresCase = ignoresCase
        for value in 0..<64 {
            if slowlyContains(Unicode.Scalar(UInt8(value))) { ascii.0 |= 1 << UInt64(value) }
            if slowlyContains(Unicode.Scalar(UInt8(value + 64))) { ascii.1 |= 1 << UInt64(value) }
        }
    }

    /// The set of one scalar, and of those that differ from it by case alone.
    init(_ scalar: Unicode.Scalar, ignoresCase: Bool = false) {
        self.init([.range(scalar.value...scalar.value)], ignoresCase: ignoresCase)
    }

    /// Whether a scalar is in the set.
    func contains(_ scalar: Unicode.Scalar) -> Bool {
        let value = scalar.value
        if value < 64 { return ascii.0 >> UInt64(value) & 1 == 1 }
        if value < 128 { return ascii.1 >> UInt64(value - 64) & 1 == 1 }
        return slowlyContains(scalar)
    }

    private func slowlyContains(_ scalar: Unicode.Scalar) -> Bool {
        var found = holds(scalar)
        if !found, ignoresCase { found = scalar.caseVariants.contains { holds($0) } }
        return found != negated
    }

    private func holds(_ scalar: Unicode.Scalar) -> Bool {
        parts.contains { $0.contains(scalar) } && also.allSatisfy { $0.contains(scalar) }
    }
}

extension ScalarSet.Part {
    /// Whether a scalar is in this part of a set.
    package func contains(_ scalar: Unicode.Scalar) -> Bool {
        switch self {
        case .range(let range): range.contains(scalar.value)
        case .categories(let categories): categories.contains(scalar.category)
        case .script(let script): script.contains(scalar)
        case .whiteSpace: scalar.properties.isWhitespace
        case .word: scalar.isWord
        case .alphabetic: scalar.isKnown && scalar.properties.isAlphabetic
        case .lowercase: scalar.isKnown && (scalar.properties.isLowercase || scalar.value == 0x295)
        case .uppercase: scalar.isKnown && scalar.properties.isUppercase
        case .everything: true
        case .set(let set): set.contains(scalar)
        }
    }
}

extension Unicode.Scalar {
    /// The other scalars that a comparison without case takes for this one. Foldings to several scalars, such as
    /// that of U+00DF, are left out: no class can hold them.
    fileprivate var caseVariants: [Unicode.Scalar] {
        // The Turkish letters fold to themselves.
        if value == 0x130 || value == 0x131 { return [] }
        let folded = Self.single(Self.single(self, \.uppercaseMapping), \.lowercaseMapping)
        var variants = [folded]
        for other in [
            Self.single(folded, \.uppercaseMapping), Self.single(folded, \.titlecaseMapping),
            Self.single(self, \.lowercaseMapping), Self.single(self, \.titlecaseMapping),
        ] where !variants.contains(other) { variants.append(other) }
        // Letters that only fold towards these.
        switch folded {
        case "s": variants.append("\u{17F}")
        case "k": variants.append("\u{212A}")
        case "\u{E5}": variants.append("\u{212B}")
        case "\u{3BC}": variants.append("\u{B5}")
        case "\u{3C3}": variants.append("\u{3C2}")
        case "\u{3C9}": variants.append("\u{2126}")
        default: break
        }
        return variants
    }

    private static func single(
        _ scalar: Unicode.Scalar, _ mapping: (Unicode.Scalar.Properties) -> String
    ) -> Unicode.Scalar {
        let mapped = mapping(scalar.properties).unicodeScalars
        guard let first = mapped.first, mapped.count == 1 else { return scalar }
        return first
    }
}
