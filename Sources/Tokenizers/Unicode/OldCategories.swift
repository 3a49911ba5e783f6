/// The categories that packages with older data of Unicode have.
extension Unicode.Scalar {
    /// Whether it was in Unicode before a major version.
    func isOlder(than version: Int) -> Bool {
        properties.age.map { $0.major < version } ?? false
    }

    /// Whether it is punctuation to BERT: by its category in Unicode 8.0, or any sign of ASCII.
    var isPunctuation: Bool {
        switch value {
        case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: true
        case 0..<0x80: false
        // Became a symbol and a mark later.
        case 0x166D, 0x111C9: true
        default: isOlder(than: 9) && ScalarCategories.punctuation.contains(category)
        }
    }

    /// Whether it is a mark in Unicode 9.0.
    var isMark: Bool {
        switch value {
        case ..<0x300: false
        // Became letters, and a mark, later.
        case 0x1CF2, 0x1CF3: true
        case 0x111C9: false
        default: isOlder(than: 10) && ScalarCategories.mark.contains(category)
        }
    }

    /// Whether it is a mark without width in Unicode 8.0.
    var isNonspacingMark: Bool {
        switch value {
        case ..<0x300: false
        // Changed between this category and others later.
        case 0x1734, 0x1171E: true
        case 0x1885, 0x1886, 0xA9BD, 0x111C9: false
        default: isOlder(than: 9) && category == .mn
        }
    }

    /// Whether it is a control, a format, a surrogate or for private use in Unicode 8.0.
    package var isControl: Bool {
        isOlder(than: 9) && ([.cc, .cf, .co, .cs] as ScalarCategories).contains(category)
    }
}
