import Manifests

/// Findings as people read them: what is wrong, where, and what to do next, in that order.
struct DiagnosticText {
    /// What the text is drawn on, which decides on colours.
    let terminal: Terminal

    /// One finding, with a newline at the end.
    func text(_ finding: Diagnostic) -> String {
        var text = ""
        if let location = finding.location {
            text += DiagnosticText.printable(location.file)
            if let line = location.line { text += ":\(line)" }
            if location.line != nil, let column = location.column { text += ":\(column)" }
            text += ": "
        }
        text += style(finding.severity) + ": " + DiagnosticText.printable(finding.message) + "\n"
        for note in finding.notes { text += "  \(DiagnosticText.printable(note))\n" }
        if let fix = finding.fix { text += "  fix: \(DiagnosticText.printable(fix))\n" }
        return text
    }

    private func style(_ severity: Diagnostic.Severity) -> String {
        guard terminal.hasColor else { return severity.rawValue }
        let code =
            switch severity {
            case .error: "1;31"
            case .warning: "1;33"
            case .note: "1;36"
            }
        return "\u{1B}[\(code)m\(severity.rawValue)\u{1B}[0m"
    }

    /// File names and model cards come from strangers: no escape sequence of theirs reaches a terminal, and nothing that
    /// turns the direction of writing.
    static func printable(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { result.append(isControl(scalar) ? "\u{FFFD}" : scalar) }
        return String(result)
    }

    /// A JSON document with the same meaning, of which nothing acts on a terminal: such characters are only in strings,
    /// where they can be written as escapes.
    static func harmless(json text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            guard isControl(scalar) else {
                result.append(scalar)
                continue
            }
            let digits = String(scalar.value, radix: 16)
            result.append(
                contentsOf: ("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).unicodeScalars)
        }
        return String(result)
    }

    /// Control characters but the line's end, and the marks and brackets of writing's direction (Unicode 17, `Bidi_Control`).
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x0A: false
        case 0..<0x20, 0x7F..<0xA0: true
        case 0x061C, 0x200E...0x200F, 0x202A...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}
