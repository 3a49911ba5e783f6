package import Testing

/// A text whose test case is named by its beginning, so that a megabyte does not stand in the log.
package struct ShortlyNamed: Sendable, CustomTestStringConvertible {
    /// The whole text.
    package let text: String

    /// The first 40 characters, quoted, and the length of a longer text.
    package var testDescription: String {
        let start = String(text.prefix(40)).debugDescription
        return text.utf8.count > 40 ? "\(start)… (\(text.utf8.count) bytes)" : start
    }
}

/// The texts, each as the argument of a test case with a short name.
package func shortened(_ texts: [String]) -> [ShortlyNamed] { texts.map { ShortlyNamed(text: $0) } }
