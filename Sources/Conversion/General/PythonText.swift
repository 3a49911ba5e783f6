/// What Python's `str` and `re` know of characters, where Swift's `Character` would take several for one.
extension Unicode.Scalar {
    /// Whether Python's `str.isspace` states it.
    var isPythonSpace: Bool {
        switch value {
        case 0x09...0x0D, 0x1C...0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F,
            0x3000:
            true
        default: false
        }
    }

    /// Whether Python's `str.isdecimal` states it: a digit of any script, as `\d` in a regular expression.
    var isPythonDecimal: Bool {
        isASCII ? ("0"..."9").contains(self) : properties.generalCategory == .decimalNumber
    }

    /// Whether Python's `str.isalpha` states it.
    var isPythonLetter: Bool {
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
        default: false
        }
    }

    /// Whether `\w` in a regular expression of Python's matches it.
    var isPythonWord: Bool { self == "_" || isPythonLetter || properties.numericType != nil }

    /// The letter in lower case that Python's `re.IGNORECASE` takes this for; itself where that is not one of ASCII.
    package var folded: Unicode.Scalar {
        switch self {
        case "A"..."Z": Unicode.Scalar(UInt8(truncatingIfNeeded: value | 0x20))
        case "\u{130}", "\u{131}": "i"
        case "\u{17F}": "s"
        case "\u{212A}": "k"
        default: self
        }
    }
}

extension String {
    /// The text of scalars.
    package init(scalars: some Sequence<Unicode.Scalar>) {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        self.init(view)
    }

    /// Without white space at both ends, as Python's `str.strip`.
    var pythonStripped: String {
        let scalars = Array(unicodeScalars)
        guard let first = scalars.firstIndex(where: { !$0.isPythonSpace }),
            let last = scalars.lastIndex(where: { !$0.isPythonSpace })
        else { return "" }
        return String(scalars: scalars[first...last])
    }

    /// With a scalar in the place of others.
    package func mapping(to other: Unicode.Scalar, where isOther: (Unicode.Scalar) -> Bool) -> String {
        String(scalars: unicodeScalars.map { isOther($0) ? other : $0 })
    }
}

extension Collection<Unicode.Scalar> {
    /// Whether Python's `str.islower` states it: there are letters with a case, and all are lower.
    var isPythonLower: Bool {
        var hasLower = false
        for scalar in self {
            let properties = scalar.properties
            if properties.isUppercase || properties.generalCategory == .titlecaseLetter { return false }
            hasLower = hasLower || properties.isLowercase
        }
        return hasLower
    }

    /// As Python's `str.title` writes a text that is in lower case: what follows no cased letter becomes upper.
    var pythonTitle: String {
        var result = ""
        var followsCased = false
        for scalar in self {
            let properties = scalar.properties
            if followsCased {
                result.unicodeScalars.append(scalar)
            } else {
                result += properties.titlecaseMapping
            }
            followsCased = properties.isCased
        }
        return result
    }

    /// Whether this is the word, which is of small ASCII letters, by `re.IGNORECASE`.
    func isWord(_ word: StaticString) -> Bool {
        map(\.folded).elementsEqual(word.description.unicodeScalars)
    }
}
