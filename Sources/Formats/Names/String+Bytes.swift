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

    /// Whether the first bytes are these.
    package func hasUTF8Prefix(_ prefix: String) -> Bool { utf8.starts(with: prefix.utf8) }

    /// Whether the last bytes are these.
    package func hasUTF8Suffix(_ suffix: String) -> Bool { utf8.ends(with: suffix) }

    /// Whether these bytes are somewhere in it; no bytes are everywhere. Swift's own search compares characters, so
    /// that an accent behind a word would hide it.
    package func containsUTF8(_ part: String) -> Bool { utf8Place(of: part, from: 0) != nil }

    /// With every occurrence of some bytes replaced, from the left.
    package func replacingUTF8(_ part: String, with other: String) -> String {
        guard !part.isEmpty else { return self }
        let bytes = utf8Span.span
        var result: [UInt8] = []
        var position = 0
        while let place = utf8Place(of: part, from: position) {
            for index in position..<place { result.append(bytes[index]) }
            result += other.utf8
            position = place + part.utf8.count
        }
        for index in position..<bytes.count { result.append(bytes[index]) }
        return String(decoding: result, as: UTF8.self)
    }

    private func utf8Place(of part: String, from start: Int) -> Int? {
        let (text, word) = (utf8Span.span, part.utf8Span.span)
        guard !word.isEmpty else { return start }
        let first = word[0]
        var start = start
        while start <= text.count &- word.count {
            if text[start] == first {
                var length = 1
                while length < word.count, text[start &+ length] == word[length] { length &+= 1 }
                if length == word.count { return start }
            }
            start &+= 1
        }
        return nil
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

    /// Whether one of the texts has the same UTF-8 bytes.
    package func containsExactly(_ text: String) -> Bool { contains { $0.hasSameBytes(as: text) } }
}

extension Sequence<UInt8> {
    /// Whether the bytes are those of a text.
    package func isText(_ text: String) -> Bool { elementsEqual(text.utf8) }
}

extension BidirectionalCollection<UInt8> {
    /// Whether the bytes end with those of a text.
    package func ends(with text: String) -> Bool {
        text.utf8.count <= count && suffix(text.utf8.count).isText(text)
    }
}
