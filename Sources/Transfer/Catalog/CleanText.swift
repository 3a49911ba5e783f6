import Formats

/// Texts of strangers, as they come in answers: bounded, and without characters that do something.
enum CleanText {
    /// The most characters of one text that are kept: a title, a tag, a message.
    static let limit = 500
    /// The most texts of one list that are kept.
    static let listLimit = 1000

    /// One line: blanks for control characters and line ends, nothing for those that turn the direction of writing.
    /// - Returns: `nil` where nothing is left.
    static func line(_ text: String?, limit: Int = CleanText.limit) -> String? {
        guard let text else { return nil }
        // Most texts are words alone, and are as they are.
        if text.utf8.count <= limit, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) {
            return text.isEmpty ? nil : text
        }
        var result = String.UnicodeScalarView()
        var isBlank = true
        for scalar in text.unicodeScalars {
            if result.count >= limit { break }
            switch scalar.properties.generalCategory {
            case .control, .spaceSeparator, .lineSeparator, .paragraphSeparator:
                if !isBlank { result.append(" ") }
                isBlank = true
            case .format, .surrogate, .privateUse, .unassigned: continue
            default:
                result.append(scalar)
                isBlank = false
            }
        }
        if result.last == " " { result.removeLast() }
        return result.isEmpty ? nil : String(result)
    }

    /// The texts of a list, or a single text; others are left out.
    static func lines(_ json: JSON?) -> [String] {
        if let one = json?.string { return [line(one)].compactMap(\.self) }
        return (json?.array ?? []).prefix(listLimit).compactMap { line($0.string) }
    }

    /// A day, "2026-11-29", of a time that begins so; `nil` for any other text.
    static func day(_ text: String?) -> String? {
        guard let bytes = text?.utf8.prefix(10), bytes.count == 10 else { return nil }
        let isDay = bytes.enumerated().allSatisfy { place, byte in
            place == 4 || place == 7 ? byte == UInt8(ascii: "-") : (0x30...0x39).contains(byte)
        }
        return isDay ? String(decoding: Array(bytes), as: UTF8.self) : nil
    }

    /// A count; `nil` where the answer has none, or a negative one.
    static func count(_ json: JSON?) -> Int? {
        guard let value = json?.integer, value >= 0 else { return nil }
        return value
    }
}
