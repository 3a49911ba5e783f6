import Formats

/// The merges of a tokenizer: pairs of tokens that make one, the first made first.
enum Merges {
    /// The merges of `model.merges`, which are texts with a space between the tokens, or pairs. A space within a
    /// token of a pair is written as U+0120, its byte's character in GPT-2's alphabet.
    /// - Throws: where they are neither.
    static func read(_ tokenizer: JSON?) throws(ConversionError) -> [String] {
        guard let list = tokenizer?["model"]?["merges"]?.array, let first = list.first else { return [] }
        var merges: [String] = []
        merges.reserveCapacity(list.count)
        let isText = first.string != nil
        for entry in list {
            switch entry {
            case .string(let text) where isText: merges.append(text)
            case .array(let pair) where !isText && pair.count == 2:
                guard let left = pair[0].string, let right = pair[1].string else { throw malformed }
                merges.append("\(spaceless(left)) \(spaceless(right))")
            default: throw malformed
            }
        }
        return merges
    }

    private static var malformed: ConversionError {
        .broken("tokenizer.json", "one of the \"merges\" in \"model\" is not a pair of tokens")
    }

    private static func spaceless(_ token: String) -> String {
        token.utf8.contains(0x20) ? token.replacingUTF8(" ", with: "\u{120}") : token
    }
}

/// Text files of tokenizers, a token or a merge a line.
enum TokenizerText {
    /// The merges of `merges.txt`: two tokens a line, behind a first line that begins with `#`. Other lines are left
    /// out, as in the reference.
    static func merges(_ text: String) -> [String] {
        var lines = lines(text)[...]
        if let first = lines.first?.unicodeScalars.first(where: { !isSpace($0) }), first == "#" {
            lines = lines.dropFirst()
        }
        return lines.compactMap { line in
            let parts = line.unicodeScalars.split(whereSeparator: isSpace)
            return parts.count == 2 ? "\(String(parts[0])) \(String(parts[1]))" : nil
        }
    }

    /// The lines of a text, as Python reads them: each ends with a line feed, a carriage return or both.
    static func lines(_ text: String) -> [String] {
        var lines: [String] = []
        var line: [UInt8] = []
        var last: UInt8 = 0
        for byte in text.utf8 {
            if byte == 0x0A || byte == 0x0D {
                if !(byte == 0x0A && last == 0x0D) {
                    lines.append(String(decoding: line, as: UTF8.self))
                    line = []
                }
            } else {
                line.append(byte)
            }
            last = byte
        }
        if !line.isEmpty { lines.append(String(decoding: line, as: UTF8.self)) }
        return lines
    }

    /// What Python splits text at.
    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isWhitespace || (0x1C...0x1F).contains(scalar.value)
    }
}
