/// A text that decides something: equal, ordered and hashed by its UTF-8 bytes, where `String` compares by canonical
/// equivalence.
package protocol ByteCompared: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The text itself.
    var text: String { get }
}

extension ByteCompared {
    /// Equal where the UTF-8 bytes are.
    package static func == (left: Self, right: Self) -> Bool { left.text.hasSameBytes(as: right.text) }

    /// In the order of the UTF-8 bytes.
    package static func < (left: Self, right: Self) -> Bool { left.text.precedesByBytes(right.text) }

    /// Feeds the UTF-8 bytes.
    package func hash(into hasher: inout Hasher) { text.hashBytes(into: &hasher) }

    /// The text itself.
    package var description: String { text }

    /// The bytes of the text.
    package var utf8: String.UTF8View { text.utf8 }

    /// Whether the bytes begin with those of a text.
    package func hasPrefix(_ prefix: String) -> Bool { text.utf8.starts(with: prefix.utf8) }

    /// Whether the bytes end with those of a text.
    package func hasSuffix(_ suffix: String) -> Bool { text.utf8.ends(with: suffix) }
}
