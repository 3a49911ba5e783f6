/// A script of Unicode, such as Han.
struct UnicodeScript: Equatable, Sendable {
    /// Its place among the scripts in the order of their names.
    private let number: Int

    /// The script of a name, in lower case, without spaces, `-` and `_`; `nil` if there is none.
    init?(name: String) {
        let name = Self.shortNames[name] ?? name
        guard let number = Self.names.firstIndex(of: name) else { return nil }
        self.number = number
    }

    private init(number: Int) {
        self.number = number
    }

    /// The script of a scalar; `nil` where it has none.
    init?(of scalar: Unicode.Scalar) {
        // The last range that starts at or before the scalar.
        var (low, high) = (0, Self.ranges.count)
        while low < high {
            let middle = (low + high) / 2
            if Self.ranges[middle].first <= scalar.value { low = middle + 1 } else { high = middle }
        }
        guard low > 0, Self.ranges[low - 1].last >= scalar.value else { return nil }
        self = Self(number: Self.ranges[low - 1].number)
    }

    /// Whether a scalar is of this script; one of no script that is listed is of none.
    func contains(_ scalar: Unicode.Scalar) -> Bool {
        Self(of: scalar) == self
    }

    /// The codes of ISO 15924 that are in use for scripts.
    private static let shortNames = [
        "arab": "arabic", "armn": "armenian", "beng": "bengali", "bopo": "bopomofo", "cyrl": "cyrillic",
        "deva": "devanagari", "ethi": "ethiopic", "geor": "georgian", "grek": "greek", "gujr": "gujarati",
        "guru": "gurmukhi", "hang": "hangul", "hani": "han", "hebr": "hebrew", "hira": "hiragana",
        "kana": "katakana", "khmr": "khmer", "knda": "kannada", "laoo": "lao", "latn": "latin",
        "mlym": "malayalam", "mong": "mongolian", "mymr": "myanmar", "orya": "oriya", "sinh": "sinhala",
        "taml": "tamil", "telu": "telugu", "thai": "thai", "tibt": "tibetan", "zinh": "inherited",
        "zyyy": "common",
    ]

    private static let lines = table.split(separator: "\n")

    private static let names: [String] = lines.map { line in
        line.prefix { $0 != " " }.lowercased().filter { $0 != "_" }
    }

    private static let ranges: [(first: UInt32, last: UInt32, number: Int)] = {
        var ranges: [(first: UInt32, last: UInt32, number: Int)] = []
        for (number, line) in lines.enumerated() {
            for word in line.split(separator: " ").dropFirst() {
                let ends = word.split(separator: "-").compactMap { UInt32($0, radix: 16) }
                guard let first = ends.first, let last = ends.last else { continue }
                ranges.append((first, last, number))
            }
        }
        return ranges.sorted { $0.first < $1.first }
    }()
}
