/// Where in a text a byte is, as editors count.
package struct TextPlace: Equatable, Sendable, CustomStringConvertible {
    /// The line, from 1. Lines end with a line feed.
    package let line: Int
    /// The column in the line in bytes, from 1.
    package let column: Int

    /// Finds the place of a byte; one behind the end is that of the end.
    package init(of offset: Int, in text: Span<UInt8>) {
        var (line, start) = (1, 0)
        let end = min(max(0, offset), text.count)
        for index in 0..<end where text[index] == UInt8(ascii: "\n") {
            line += 1
            start = index + 1
        }
        self.line = line
        column = end - start + 1
    }

    /// "line 3, column 14".
    package var description: String { "line \(line), column \(column)" }
}
