import Tensors

extension String {
    /// The text in quotes for a message, without control characters, and cut.
    var quotedForMessage: String {
        let isLong = unicodeScalars.dropFirst(80).first != nil
        return JSON.string(isLong ? String(unicodeScalars.prefix(80)) + "…" : self).compactText
    }

    /// Whether the bytes of `other` occur in those of this text. Swift's own search compares characters, so
    /// that an accent behind a word would hide it.
    func containsBytes(of other: String) -> Bool {
        let needle = Array(other.utf8)
        guard let first = needle.first else { return true }
        var rest = utf8[...]
        while let start = rest.firstIndex(of: first) {
            rest = rest[start...]
            if rest.starts(with: needle) { return true }
            rest = rest.dropFirst()
        }
        return false
    }

    /// Whether the text has exactly these bytes.
    func hasBytes(of other: String) -> Bool { utf8.elementsEqual(other.utf8) }

    /// Whether the text ends in these bytes.
    func endsInBytes(of other: String) -> Bool { utf8.suffix(other.utf8.count).elementsEqual(other.utf8) }
}

/// Names for a message: the first five, and how many more there are.
func enumeration(_ names: [String]) -> String {
    let shown = names.prefix(5).map(\.quotedForMessage).joined(separator: ", ")
    return names.count > 5 ? "\(shown) and \(names.count - 5) more" : shown
}
