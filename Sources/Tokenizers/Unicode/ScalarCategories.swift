import Formats

/// A set of general categories of Unicode, such as `L` or `Nd`.
package struct ScalarCategories: OptionSet, Sendable {
    /// One bit for each category.
    package let rawValue: UInt32

    /// Takes one bit for each category.
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Uppercase letters.
    static let lu = Self(rawValue: 1 << 0)
    /// Lowercase letters.
    static let ll = Self(rawValue: 1 << 1)
    /// Titlecase letters, as U+01C5.
    static let lt = Self(rawValue: 1 << 2)
    /// Modifier letters.
    static let lm = Self(rawValue: 1 << 3)
    /// Other letters: those without case.
    static let lo = Self(rawValue: 1 << 4)
    /// Nonspacing marks.
    static let mn = Self(rawValue: 1 << 5)
    /// Spacing marks.
    static let mc = Self(rawValue: 1 << 6)
    /// Enclosing marks.
    static let me = Self(rawValue: 1 << 7)
    /// Decimal digits.
    static let nd = Self(rawValue: 1 << 8)
    /// Numbers that are letters, as Roman numerals.
    static let nl = Self(rawValue: 1 << 9)
    /// Other numbers, as fractions.
    static let no = Self(rawValue: 1 << 10)
    /// Connector punctuation, as `_`.
    static let pc = Self(rawValue: 1 << 11)
    /// Dashes.
    static let pd = Self(rawValue: 1 << 12)
    /// Opening punctuation.
    static let ps = Self(rawValue: 1 << 13)
    /// Closing punctuation.
    static let pe = Self(rawValue: 1 << 14)
    /// Initial quotation marks.
    static let pi = Self(rawValue: 1 << 15)
    /// Final quotation marks.
    static let pf = Self(rawValue: 1 << 16)
    /// Other punctuation.
    static let po = Self(rawValue: 1 << 17)
    /// Mathematical symbols.
    static let sm = Self(rawValue: 1 << 18)
    /// Currency symbols.
    static let sc = Self(rawValue: 1 << 19)
    /// Modifier symbols, as `^`.
    static let sk = Self(rawValue: 1 << 20)
    /// Other symbols.
    static let so = Self(rawValue: 1 << 21)
    /// Spaces.
    static let zs = Self(rawValue: 1 << 22)
    /// The line separator, U+2028.
    static let zl = Self(rawValue: 1 << 23)
    /// The paragraph separator, U+2029.
    static let zp = Self(rawValue: 1 << 24)
    /// Control characters, U+0000 to U+001F and U+007F to U+009F.
    static let cc = Self(rawValue: 1 << 25)
    /// Format characters, which are not seen.
    static let cf = Self(rawValue: 1 << 26)
    /// Surrogates, which no scalar is.
    static let cs = Self(rawValue: 1 << 27)
    /// What is for private use.
    static let co = Self(rawValue: 1 << 28)
    /// What is not assigned.
    static let cn = Self(rawValue: 1 << 29)

    /// All letters, `L`.
    static let letter: Self = [.lu, .ll, .lt, .lm, .lo]
    /// All marks, `M`.
    static let mark: Self = [.mn, .mc, .me]
    /// All numbers, `N`.
    static let number: Self = [.nd, .nl, .no]
    /// All punctuation, `P`.
    static let punctuation: Self = [.pc, .pd, .ps, .pe, .pi, .pf, .po]
    /// All symbols, `S`.
    static let symbol: Self = [.sm, .sc, .sk, .so]
    /// All separators, `Z`.
    static let separator: Self = [.zs, .zl, .zp]
    /// All others, `C`.
    static let other: Self = [.cc, .cf, .cs, .co, .cn]
    /// What makes words besides what is alphabetic.
    static let word: Self = [.mark, .nd, .pc]

}

extension ScalarCategories {
    /// The categories of a name as regular expressions write it; `nil` if it is not one.
    /// - Parameter name: in lower case, without spaces, `-` and `_`.
    init?(name: String) {
        guard let found = Self.names[name] else { return nil }
        self = found
    }

    private static let names: [ExactName: Self] = [
        "l": .letter, "letter": .letter, "lc": [.lu, .ll, .lt], "lu": .lu, "uppercaseletter": .lu, "ll": .ll,
        "lowercaseletter": .ll, "lt": .lt, "titlecaseletter": .lt, "lm": .lm, "modifierletter": .lm,
        "lo": .lo,
        "otherletter": .lo, "m": .mark, "mark": .mark, "mn": .mn, "nonspacingmark": .mn, "mc": .mc,
        "spacingmark": .mc, "me": .me, "enclosingmark": .me, "n": .number, "number": .number, "nd": .nd,
        "decimalnumber": .nd, "nl": .nl, "letternumber": .nl, "no": .no, "othernumber": .no,
        "p": .punctuation,
        "punct": .punctuation, "punctuation": .punctuation, "pc": .pc, "connectorpunctuation": .pc, "pd": .pd,
        "dashpunctuation": .pd, "ps": .ps, "openpunctuation": .ps, "pe": .pe, "closepunctuation": .pe,
        "pi": .pi,
        "initialpunctuation": .pi, "pf": .pf, "finalpunctuation": .pf, "po": .po, "otherpunctuation": .po,
        "s": .symbol, "symbol": .symbol, "sm": .sm, "mathsymbol": .sm, "sc": .sc, "currencysymbol": .sc,
        "sk": .sk, "modifiersymbol": .sk, "so": .so, "othersymbol": .so, "z": .separator,
        "separator": .separator, "zs": .zs, "spaceseparator": .zs, "zl": .zl, "lineseparator": .zl, "zp": .zp,
        "paragraphseparator": .zp, "c": .other, "other": .other, "cc": .cc, "control": .cc, "cf": .cf,
        "format": .cf, "cs": .cs, "surrogate": .cs, "co": .co, "privateuse": .co, "cn": .cn,
        "unassigned": .cn,
        "digit": .nd, "cntrl": .cc,
    ]
}

extension Unicode.Scalar {
    /// Whether it is of Unicode 16.0 or older, the version of the packages whose tokens are to be met; Swift's own data
    /// are younger.
    package var isKnown: Bool {
        value < 0x80 || properties.age.map { $0.major <= 16 } ?? false
    }

    /// The general category in Unicode 16.0, as a set of one.
    package var category: ScalarCategories {
        // Was a letter without case first.
        if value == 0x295 { return .ll }
        let newest = newestCategory
        return newest == .cn || isKnown ? newest : .cn
    }

    /// Whether it makes words: letters, marks, digits and what connects them (Unicode Technical Standard 18, annex C).
    package var isWord: Bool {
        (isKnown && properties.isAlphabetic) || ScalarCategories.word.contains(category)
    }

    private var newestCategory: ScalarCategories {
        switch properties.generalCategory {
        case .uppercaseLetter: .lu
        case .lowercaseLetter: .ll
        case .titlecaseLetter: .lt
        case .modifierLetter: .lm
        case .otherLetter: .lo
        case .nonspacingMark: .mn
        case .spacingMark: .mc
        case .enclosingMark: .me
        case .decimalNumber: .nd
        case .letterNumber: .nl
        case .otherNumber: .no
        case .connectorPunctuation: .pc
        case .dashPunctuation: .pd
        case .openPunctuation: .ps
        case .closePunctuation: .pe
        case .initialPunctuation: .pi
        case .finalPunctuation: .pf
        case .otherPunctuation: .po
        case .mathSymbol: .sm
        case .currencySymbol: .sc
        case .modifierSymbol: .sk
        case .otherSymbol: .so
        case .spaceSeparator: .zs
        case .lineSeparator: .zl
        case .paragraphSeparator: .zp
        case .control: .cc
        case .format: .cf
        case .surrogate: .cs
        case .privateUse: .co
        case .unassigned: .cn
        @unknown default: .cn
        }
    }
}
