/// What Unicode's normalization forms take scalars apart into and put together from.
///
/// The package that `tokenizers` uses has the data of Unicode 9.0; scalars that are younger stay as they are.
enum Decompositions {
    /// The full canonical decomposition of a scalar but for Hangul; `nil` if there is none.
    static func canonical(_ scalar: Unicode.Scalar) -> [Unicode.Scalar]? { canonicalEntries.full[scalar] }

    /// The full compatibility decomposition where it differs from the canonical one.
    static func compatible(_ scalar: Unicode.Scalar) -> [Unicode.Scalar]? { compatibleEntries.full[scalar] }

    /// The scalar that two in a row are put together to, but for Hangul.
    static func composition(_ first: Unicode.Scalar, _ second: Unicode.Scalar) -> Unicode.Scalar? {
        compositions[Pair(first: first, second: second)]
    }

    private struct Pair: Hashable {
        let first: Unicode.Scalar
        let second: Unicode.Scalar
    }

    private struct Entries {
        var full: [Unicode.Scalar: [Unicode.Scalar]] = [:]
        var composed: [Unicode.Scalar] = []

        init(_ table: String) {
            var next: UInt32 = 0
            for word in table.utf8.split(separator: UInt8(ascii: " ")) {
                var word = word
                if let sign = word.firstIndex(of: UInt8(ascii: "=")) {
                    next = UInt32(String(Substring(word[..<sign])), radix: 16) ?? 0
                    word = word[word.index(after: sign)...]
                }
                let isComposed = word.last != UInt8(ascii: "!")
                if !isComposed { word.removeLast() }
                let parts = word.split(separator: UInt8(ascii: "+")).compactMap { digits in
                    UInt32(String(Substring(digits)), radix: 16).flatMap { Unicode.Scalar($0) }
                }
                if let scalar = Unicode.Scalar(next) {
                    full[scalar] = parts
                    if isComposed { composed.append(scalar) }
                }
                next += 1
            }
        }
    }

    private static let canonicalEntries = Entries(canonicalTable)
    private static let compatibleEntries = Entries(compatibleTable)

    /// Pairs in the order of the lengths of their decompositions: the longer are made of the shorter.
    private static let compositions: [Pair: Unicode.Scalar] = {
        var result: [Pair: Unicode.Scalar] = [:]
        let entries = canonicalEntries.composed.compactMap { scalar in
            canonicalEntries.full[scalar].map { (scalar, $0) }
        }
        for (scalar, parts) in entries.sorted(by: { ($0.1.count, $0.0) < ($1.1.count, $1.0) }) {
            guard var first = parts.first, let last = parts.last, parts.count > 1 else { continue }
            for part in parts.dropFirst().dropLast() {
                first = result[Pair(first: first, second: part)] ?? first
            }
            result[Pair(first: first, second: last)] = scalar
        }
        return result
    }()
}
