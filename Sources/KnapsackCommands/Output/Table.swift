/// A table of text that fits a terminal: columns as wide as needed, long cells cut where there is no room.
struct Table {
    /// A column's heading, the side it keeps to, and whether it gives way when there is no room.
    struct Column {
        let title: String
        var isNumber = false
        var canShrink = false
    }

    private let columns: [Column]
    private let rows: [[String]]

    init(_ columns: [Column], rows: [[String]]) {
        self.columns = columns
        self.rows = rows.map { $0.map(Table.line) }
    }

    /// A cell is one line, whatever is in it.
    private static func line(_ text: String) -> String {
        let lines = DiagnosticText.printable(text).split(separator: "\n", omittingEmptySubsequences: false)
        return lines.joined(separator: "⏎")
    }

    /// The lines, each with a newline; `width` in columns, cells counted in characters.
    func text(width: Int) -> String {
        let gap = 2
        var widths = columns.indices.map { index in
            ([columns[index].title] + rows.map { $0[index] }).map(\.count).max() ?? 0
        }
        var excess = widths.reduce(0, +) + gap * (widths.count - 1) - max(width, 40)
        while excess > 0 {
            let shrinkable = columns.indices.filter { columns[$0].canShrink && widths[$0] > 12 }
            guard let widest = shrinkable.max(by: { widths[$0] < widths[$1] }) else { break }
            widths[widest] -= 1
            excess -= 1
        }
        let lines = [columns.map(\.title)] + rows
        return lines.map { row in
            var line = ""
            for index in columns.indices {
                if index > 0 { line += String(repeating: " ", count: gap) }
                line += cell(row[index], widths[index], isNumber: columns[index].isNumber)
            }
            while line.last == " " { line.removeLast() }
            return line + "\n"
        }.joined()
    }

    private func cell(_ text: String, _ width: Int, isNumber: Bool) -> String {
        // The end of a name tells more than its middle, so the middle goes.
        let shown: String
        if text.count > width {
            let head = (width - 1 + 1) / 2
            shown = text.prefix(head) + "…" + text.suffix(width - 1 - head)
        } else {
            shown = text
        }
        let padding = String(repeating: " ", count: max(0, width - shown.count))
        return isNumber ? padding + shown : shown + padding
    }
}
