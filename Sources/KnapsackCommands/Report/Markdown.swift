/// Text of strangers in Markdown that GitHub or GitLab renders: shown as it is, and nothing else.
enum Markdown {
    /// A text outside of code: no markup, no HTML, no mention of a person, no reference, no link. Line breaks
    /// become `<br>`.
    static func text(_ text: String) -> String {
        var result = ""
        for scalar in DiagnosticText.printable(text).unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\n": result += "<br>"
            case "\\", "`", "*", "_", "~", "[", "]", "|", "$":
                result += "\\"
                result.unicodeScalars.append(scalar)
            // "@name", "#12" and "https://" become links wherever they stand; a comment behind the sign
            // shows nothing and prevents it.
            case "@", "#", ":":
                result.unicodeScalars.append(scalar)
                result += "<!-- -->"
            default: result.unicodeScalars.append(scalar)
            }
        }
        // A colon before a blank ends a word of a sentence and no address.
        return result.replacing(":<!-- --> ", with: ": ")
    }

    /// A text as code, on one line, also in the cell of a table.
    static func code(_ text: String) -> String {
        let line = DiagnosticText.printable(text).replacing("\n", with: "⏎").replacing("|", with: "\\|")
        guard !line.isEmpty else { return "" }
        var longest = 0
        var run = 0
        for byte in line.utf8 {
            run = byte == UInt8(ascii: "`") ? run + 1 : 0
            longest = max(longest, run)
        }
        let fence = String(repeating: "`", count: longest + 1)
        let pad = line.hasPrefix("`") || line.hasSuffix("`") || longest > 0 ? " " : ""
        return fence + pad + line + pad + fence
    }

    /// The first characters of a text, with "…" where it has more.
    static func shortened(_ text: String, to limit: Int) -> String {
        text.unicodeScalars.count <= limit
            ? text : String(String.UnicodeScalarView(text.unicodeScalars.prefix(limit - 1))) + "…"
    }

    /// Lines as long as they fit, and a last one that states how many do not.
    /// - Parameters:
    ///   - limit: the most UTF-8 bytes that all may have together.
    ///   - rest: states what is missing, given how many lines are.
    static func bounded(head: String, _ lines: [String], limit: Int, rest: (Int) -> String) -> String {
        // More than any such sentence takes.
        let reserve = 200
        var text = head
        var size = head.utf8.count
        for (index, line) in lines.enumerated() {
            size += line.utf8.count
            guard size <= limit - reserve || (index == lines.count - 1 && size <= limit) else {
                return text + rest(lines.count - index)
            }
            text += line
        }
        return text
    }
}
