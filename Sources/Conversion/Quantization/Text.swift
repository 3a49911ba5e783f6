import Formats

extension String {
    /// The text in quotes for a message, without control characters, and cut.
    var quotedForMessage: String {
        let isLong = unicodeScalars.dropFirst(80).first != nil
        return JSON.string(isLong ? String(unicodeScalars.prefix(80)) + "…" : self).compactText
    }

    /// Whether the bytes of `other` occur in those of this text. Swift's own search compares characters, so
    /// that an accent behind a word would hide it.
    func containsBytes(of other: String) -> Bool {
        let (text, word) = (utf8Span.span, other.utf8Span.span)
        guard !word.isEmpty else { return true }
        guard word.count <= text.count else { return false }
        let first = word[0]
        var start = 0
        while start <= text.count &- word.count {
            if text[start] == first {
                var length = 1
                while length < word.count, text[start &+ length] == word[length] { length &+= 1 }
                if length == word.count { return true }
            }
            start &+= 1
        }
        return false
    }

    /// Whether the text has exactly these bytes.
    package func hasBytes(of other: String) -> Bool { utf8.elementsEqual(other.utf8) }

    /// Whether the text ends in these bytes.
    func endsInBytes(of other: String) -> Bool { utf8.suffix(other.utf8.count).elementsEqual(other.utf8) }
}

/// Names for a message: the first five, and how many more there are.
func enumeration(_ names: [String]) -> String {
    let shown = names.prefix(5).map(\.quotedForMessage).joined(separator: ", ")
    return names.count > 5 ? "\(shown) and \(names.count - 5) more" : shown
}
