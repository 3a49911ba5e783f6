import Formats

/// Names that are compared by their bytes: Swift's `String` would take U+212A for "K".
struct NameSet: Sendable {
    private let names: Set<ExactName>

    /// - Parameter text: names with blanks or line ends between them.
    init(_ text: String) {
        names = Set(exactly: text.utf8.split { $0 == 0x20 || $0 == 0x0A }.map { String(Substring($0)) })
    }

    /// All names of some sets.
    init(_ sets: [NameSet]) { names = sets.reduce(into: []) { $0.formUnion($1.names) } }

    /// Whether the set has a name with exactly these bytes.
    func contains(_ name: String) -> Bool { names.contains(name) }
}

extension String {
    /// The part after the last "/".
    var lastPart: String {
        utf8.lastIndex(of: 0x2F).map { String(self[utf8.index(after: $0)...]) } ?? self
    }

    /// The text in small letters, ASCII's alone.
    var asciiLowercased: String {
        String(decoding: utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
    }
}

extension JSON {
    /// The values of all members with a name, by its bytes: a reader takes the last, and what another reader would take
    /// counts too.
    func all(_ key: String) -> [JSON] {
        (members ?? []).filter { $0.key.hasSameBytes(as: key) }.map(\.value)
    }
}
