/// A table of text that fits a terminal: columns as wide as needed, long cells cut if there is no room.
struct Table {
    /// A column's heading, the side it keeps to, and whether it gives way when there is no room.
    struct Column {
        /// The heading.
        let title: String
        /// Whether cells keep to the right side.
        var isNumber = false
        /// Whether cells are cut where there is no room.
        var canShrink = false
        /// The width that it keeps where it gives way.
        var least = 12
        /// Columns of a higher rank go first where even cut cells leave no room; `nil` stays.
        var dropRank: Int?
    }

    private let columns: [Column]
    private let count: Int
    private let row: (Int) -> [String]
    /// The width of each column's widest cell.
    private let needed: [Int]

    /// Takes rows of as many cells as there are columns; what is not printable in a cell is made visible.
    init(_ columns: [Column], rows: [[String]]) {
        self.init(columns, count: rows.count) { rows[$0] }
    }

    /// The same with rows that are made when they are wanted, which is twice: very many take no memory then.
    init(_ columns: [Column], count: Int, row: @escaping (Int) -> [String]) {
        self.columns = columns
        self.count = count
        self.row = { row($0).map(Table.line) }
        var needed = columns.map(\.title.count)
        for index in 0..<count {
            for (place, cell) in row(index).enumerated() where place < needed.count {
                needed[place] = max(needed[place], Table.line(cell).count)
            }
        }
        self.needed = needed
    }

    /// A cell is one line, whatever is in it.
    private static func line(_ text: String) -> String {
        let lines = DiagnosticText.printable(text).split(separator: "\n", omittingEmptySubsequences: false)
        return lines.joined(separator: "⏎")
    }

    /// The lines, each with a newline; `width` in columns, cells counted in characters.
    func text(width: Int) -> String {
        var text = ""
        write(width: width) { text += $0 }
        return text
    }

    /// The same, line by line.
    func write(width: Int, to body: (String) -> Void) {
        let gap = 2
        let columns = columnsThatFit(width, gap: gap)
        var widths = columns.map { needed[$0] }
        var excess = widths.reduce(0, +) + gap * (widths.count - 1) - max(width, 40)
        while excess > 0 {
            let shrinkable = columns.indices.filter {
                self.columns[columns[$0]].canShrink && widths[$0] > self.columns[columns[$0]].least
            }
            guard let widest = shrinkable.max(by: { widths[$0] < widths[$1] }) else { break }
            widths[widest] -= 1
            excess -= 1
        }
        for index in -1..<count {
            let row = index < 0 ? self.columns.map(\.title) : self.row(index)
            var line = ""
            for (place, column) in columns.enumerated() {
                if place > 0 { line += String(repeating: " ", count: gap) }
                line += cell(row[column], widths[place], isNumber: self.columns[column].isNumber)
            }
            while line.last == " " { line.removeLast() }
            body(line + "\n")
        }
    }

    /// The places of the columns that are shown.
    private func columnsThatFit(_ width: Int, gap: Int) -> [Int] {
        var shown = Array(columns.indices)
        func least(_ column: Int) -> Int {
            columns[column].canShrink ? min(needed[column], columns[column].least) : needed[column]
        }
        while shown.reduce(0, { $0 + least($1) + gap }) - gap > max(width, 40) {
            let droppable = shown.filter { columns[$0].dropRank != nil }
            guard let first = droppable.max(by: { columns[$0].dropRank ?? 0 < columns[$1].dropRank ?? 0 })
            else { break }
            shown.removeAll { $0 == first }
        }
        return shown
    }

    private func cell(_ text: String, _ width: Int, isNumber: Bool) -> String {
        // The end of a name is of more use than its middle, so the middle goes.
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
