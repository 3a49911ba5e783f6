/// Text from files, as a page may have it: nothing of it is markup, and nothing of it is invisible.
package enum VisibleText {
    /// The text with `&`, `<`, `>`, `"` and `'` as character references, and with characters that act or hide made visible:
    /// control characters as their pictures (U+2400), others as `⟨U+202E⟩`.
    package static func escaped(_ text: String) -> String {
        guard text.utf8.contains(where: { !isPlain($0) }) else { return text }
        var result = ""
        result.reserveCapacity(text.utf8.count + 16)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: append(scalar, to: &result)
            }
        }
        return result
    }

    /// The text with characters that act or hide made visible, and nothing escaped.
    static func visible(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars { append(scalar, to: &result) }
        return result
    }

    /// A name that is not longer than a line: of a longer one, which only a stranger's file has, the beginning and the end.
    static func shortened(_ name: String) -> String {
        // No scalar has more than four bytes.
        guard name.utf8.count > 200, name.unicodeScalars.count > 200 else { return name }
        var result = String.UnicodeScalarView(name.unicodeScalars.prefix(120))
        result.append("…")
        result.append(contentsOf: name.unicodeScalars.suffix(79))
        return String(result)
    }

    private static func append(_ scalar: Unicode.Scalar, to result: inout String) {
        switch scalar.value {
        case 0..<0x20:
            if let picture = Unicode.Scalar(0x2400 + scalar.value) { result.unicodeScalars.append(picture) }
        case 0x7F: result += "␡"
        default:
            guard hides(scalar) else { return result.unicodeScalars.append(scalar) }
            let digits = String(scalar.value, radix: 16, uppercase: true)
            result += "⟨U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits + "⟩"
        }
    }

    /// Bytes of ASCII that are what they look like.
    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x20...0x7E: byte != 0x26 && byte != 0x3C && byte != 0x3E && byte != 0x22 && byte != 0x27
        default: false
        }
    }

    /// Controls, marks of direction, joiners, lines' ends, private characters and what never is one: by properties that
    /// Unicode does not change, and the fillers that look like nothing.
    private static func hides(_ scalar: Unicode.Scalar) -> Bool {
        guard scalar.value > 0x7E else { return false }
        if scalar.properties.isNoncharacterCodePoint { return true }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate: return true
        default: return scalar.properties.isDefaultIgnorableCodePoint
        }
    }
}
