import Formats

extension String {
    /// The text in quotes for a message, without control characters, and cut.
    package var quotedForMessage: String {
        let isLong = unicodeScalars.dropFirst(80).first != nil
        return JSON.string(isLong ? String(unicodeScalars.prefix(80)) + "…" : self).compactText
    }
}

/// Names for a message: the first five, and how many more there are.
func enumeration(_ names: [String]) -> String {
    let shown = names.prefix(5).map(\.quotedForMessage).joined(separator: ", ")
    return names.count > 5 ? "\(shown) and \(names.count - 5) more" : shown
}
