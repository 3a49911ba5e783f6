// Swift compares strings by canonical equivalence: U+212A (KELVIN SIGN) equals "K", and "é" in one scalar equals
// "é" in two. File systems, archives, tensor files and JSON compare bytes.
extension String {
    /// Whether two texts have the same UTF-8 bytes.
    package func hasSameBytes(as other: String) -> Bool {
        let (own, others) = (utf8Span, other.utf8Span)
        guard own.count == others.count else { return false }
        // Of ASCII alone the standard library compares the bytes themselves.
        if own.isKnownASCII, others.isKnownASCII { return self == other }
        let (left, right) = (own.span, others.span)
        for index in left.indices where left[index] != right[index] { return false }
        return true
    }

    /// Whether the UTF-8 bytes come before those of another text; a text comes after its own beginnings.
    package func precedesByBytes(_ other: String) -> Bool {
        let (own, others) = (utf8Span, other.utf8Span)
        if own.isKnownASCII, others.isKnownASCII { return self < other }
        let (left, right) = (own.span, others.span)
        for index in 0..<min(left.count, right.count) where left[index] != right[index] {
            return left[index] < right[index]
        }
        return left.count < right.count
    }

    /// Feeds the UTF-8 bytes to a hasher. The standard library's own hash is the same for canonically equivalent
    /// texts, of which a hostile file can hold very many.
    package func hashBytes(into hasher: inout Hasher) {
        let bytes = utf8Span.span
        var word: UInt64 = 0
        for index in bytes.indices {
            word = word << 8 | UInt64(bytes[index])
            if index & 7 == 7 { hasher.combine(word) }
        }
        hasher.combine(word)
        hasher.combine(bytes.count)
    }

    /// The text with every scalar that is not printable ASCII as `\u{…}`, so that texts that look alike differ.
    package var withVisibleScalars: String {
        var text = ""
        for scalar in unicodeScalars {
            if (0x20..<0x7F).contains(scalar.value) {
                text.unicodeScalars.append(scalar)
            } else {
                text += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
            }
        }
        return text
    }
}

extension Sequence<String> {
    /// The texts in the order of their UTF-8 bytes.
    package func sortedByBytes() -> [String] { sorted { $0.precedesByBytes($1) } }
}
