/// A page of Markdown as plain text for a terminal: paragraphs are filled, tables aligned, links are their words.
///
/// It knows what the pages of this project use: headings, paragraphs, lists, tables, fenced blocks, links, emphasis.
struct PageText {
    /// The text, with a newline at the end.
    let text: String

    /// Makes the text.
    /// - Parameter width: the columns of the terminal, of which at least 40 are used; what must not be broken
    ///   is longer.
    init(_ markdown: String, width: Int) {
        var maker = Maker(width: max(width, 40))
        for line in markdown.split(separator: "\n", omittingEmptySubsequences: false) {
            maker.take(String(line))
        }
        text = maker.finish()
    }

    private struct Maker {
        let width: Int
        var lines: [String] = []
        var paragraph: [String] = []
        var table: [[String]] = []
        var isInFence = false

        init(width: Int) { self.width = width }

        mutating func take(_ line: String) {
            if isInFence || line.hasPrefix("```") {
                flush()
                if line.hasPrefix("```") {
                    isInFence.toggle()
                } else {
                    lines.append(line.isEmpty ? "" : "    " + line)
                }
                return
            }
            if line.hasPrefix("|") {
                if !paragraph.isEmpty { flush() }
                let cells = cells(of: line)
                if !cells.allSatisfy({ $0.allSatisfy { $0 == "-" || $0 == ":" } }) { table.append(cells) }
                return
            }
            if line.hasPrefix("#") { return heading(line) }
            if line.isEmpty {
                flush()
                if lines.last?.isEmpty == false { lines.append("") }
                return
            }
            if PageText.marker(of: line) != nil { flush() }
            paragraph.append(line)
        }

        mutating func finish() -> String {
            flush()
            while lines.last?.isEmpty == true { lines.removeLast() }
            return lines.joined(separator: "\n") + "\n"
        }

        private mutating func heading(_ line: String) {
            flush()
            let level = line.prefix { $0 == "#" }.count
            let words = PageText.inline(String(line.dropFirst(level).drop { $0 == " " }))
            lines.append(words)
            if level < 3 { lines.append(String(repeating: level == 1 ? "=" : "-", count: words.count)) }
        }

        private mutating func flush() {
            if !table.isEmpty {
                let columns = table.map(\.count).max() ?? 0
                let rows = table.map { $0 + Array(repeating: "", count: columns - $0.count) }
                lines += PageText.aligned(rows, width: width)
                table = []
            }
            guard let first = paragraph.first else { return }
            let marker = PageText.marker(of: first) ?? ""
            let words = paragraph.joined(separator: " ").dropFirst(marker.count)
            lines += PageText.filled(
                PageText.inline(String(words)), width: width, first: marker,
                rest: String(repeating: " ", count: marker.count))
            paragraph = []
        }

        private func cells(of line: String) -> [String] {
            var cells: [String] = []
            var cell = ""
            var isCode = false
            var isEscaped = false
            for character in line.dropFirst() {
                if character == "|", !isCode, !isEscaped {
                    cells.append(cell)
                    cell = ""
                } else {
                    if character == "`" { isCode.toggle() }
                    if isEscaped, character == "|" { cell.removeLast() }
                    cell.append(character)
                }
                isEscaped = character == "\\"
            }
            return cells.map { PageText.inline(PageText.trimmed($0)) }
        }
    }

    /// What begins an item of a list, with the indentation; `nil` if the line begins none.
    private static func marker(of line: String) -> String? {
        let indent = line.prefix { $0 == " " }
        let rest = line.dropFirst(indent.count)
        if rest.hasPrefix("- ") || rest.hasPrefix("> ") { return indent + String(rest.prefix(2)) }
        let digits = rest.prefix { $0.isASCII && $0.isNumber }
        guard !digits.isEmpty, rest.dropFirst(digits.count).hasPrefix(". ") else { return nil }
        return indent + digits + ". "
    }

    private static func trimmed(_ text: String) -> String {
        var text = Substring(text)
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return String(text)
    }

    /// Without the marks of emphasis, and with the words of links in their place.
    private static func inline(_ text: String) -> String {
        var result = ""
        var rest = Substring(text)
        var isCode = false
        while let character = rest.popFirst() {
            if character == "`" { isCode.toggle() }
            if isCode {
                result.append(character)
            } else if character == "*", rest.first == "*" {
                rest.removeFirst()
            } else if character == "*",
                result.last.map({ !$0.isWhitespace }) ?? false || rest.first?.isLetter ?? false
            {
                continue
            } else if character == "[", let link = link(rest) {
                result += inline(link.words)
                rest = link.rest
            } else {
                result.append(character)
            }
        }
        return result
    }

    /// The words of a link whose "[" was taken, and what follows it; `nil` if it is none.
    private static func link(_ text: Substring) -> (words: String, rest: Substring)? {
        guard let close = text.firstIndex(of: "]") else { return nil }
        let after = text[text.index(after: close)...]
        guard after.first == "(", let end = after.firstIndex(of: ")") else { return nil }
        return (String(text[..<close]), after[after.index(after: end)...])
    }

    private static func filled(_ text: String, width: Int, first: String, rest: String) -> [String] {
        var lines: [String] = []
        var line = first
        var isEmpty = true
        for word in text.split(separator: " ") {
            if !isEmpty, line.count + 1 + word.count > width {
                lines.append(line)
                line = rest
                isEmpty = true
            }
            line += (isEmpty ? "" : " ") + word
            isEmpty = false
        }
        return lines + [line]
    }

    /// The rows of a table, whose last column is filled into what is left of the width.
    private static func aligned(_ rows: [[String]], width: Int) -> [String] {
        guard let columns = rows.first?.count, columns > 0 else { return [] }
        let widths = (0..<columns - 1).map { column in
            min(rows.map { $0[column].count }.max() ?? 0, max(width / columns, 12))
        }
        let left = max(width - widths.reduce(0, +) - 2 * widths.count, 24)
        var lines: [String] = []
        for (number, row) in rows.enumerated() {
            let cells = row.enumerated().map { column, cell in
                filled(cell, width: column < widths.count ? widths[column] : left, first: "", rest: "")
            }
            for index in 0..<(cells.map(\.count).max() ?? 0) {
                var line = ""
                for (column, cell) in cells.enumerated() {
                    let text = cell.indices.contains(index) ? cell[index] : ""
                    line += text
                    if column < widths.count {
                        line += String(repeating: " ", count: max(0, widths[column] - text.count) + 2)
                    }
                }
                while line.last == " " { line.removeLast() }
                lines.append(line)
            }
            if number == 0 {
                let rules = (widths + [min(left, rows.map { $0[columns - 1].count }.max() ?? 0)])
                lines.append(rules.map { String(repeating: "-", count: $0) }.joined(separator: "  "))
            }
        }
        return lines
    }
}
