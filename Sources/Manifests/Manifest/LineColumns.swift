/// A text file's bytes with the way from a byte's offset to its line and column.
struct LineColumns {
    /// The file, as the user named it.
    let path: String
    /// The content, valid UTF-8.
    let bytes: [UInt8]
    /// The offset of every line's first byte.
    private let lineStarts: [Int]
    /// For every 256th byte, how many scalars start before it, so that a column is found in constant
    /// time even when the whole file is one line.
    private let scalarsBefore: [Int]

    private static let stride = 256

    /// Looks through the bytes once; the path is only named in locations and nothing is read from it.
    init(_ bytes: [UInt8], path: String) {
        var lineStarts = [LineColumns.hasByteOrderMark(bytes) ? 3 : 0]
        var scalarsBefore: [Int] = []
        var scalars = 0
        for (offset, byte) in bytes.enumerated() {
            if offset % LineColumns.stride == 0 { scalarsBefore.append(scalars) }
            if LineColumns.startsScalar(byte) { scalars += 1 }
            if byte == UInt8(ascii: "\n") { lineStarts.append(offset + 1) }
        }
        self.path = path
        self.bytes = bytes
        self.lineStarts = lineStarts
        self.scalarsBefore = scalarsBefore
    }

    /// Whether the file starts with the mark that some editors put before UTF-8.
    static func hasByteOrderMark(_ bytes: [UInt8]) -> Bool { bytes.starts(with: [0xEF, 0xBB, 0xBF]) }

    /// Line and column of the byte at `offset`; an offset at or past the end gives the end.
    func location(_ offset: Int) -> Diagnostic.Location {
        let offset = max(0, min(offset, bytes.count))
        let line = line(of: offset)
        let column = max(0, scalars(before: offset) - scalars(before: lineStarts[line]))
        return Diagnostic.Location(file: path, line: line + 1, column: column + 1)
    }

    /// The bytes of every line with its newline; the last one has none and may be empty.
    var lines: [Range<Int>] {
        let ends = lineStarts.dropFirst() + [max(bytes.count, lineStarts.last ?? 0)]
        return zip(lineStarts, ends).map { $0..<$1 }
    }

    /// The line of the byte at `offset`, from 0.
    private func line(of offset: Int) -> Int {
        var low = 0
        var high = lineStarts.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if lineStarts[middle] <= offset { low = middle } else { high = middle }
        }
        return low
    }

    private func scalars(before offset: Int) -> Int {
        guard !scalarsBefore.isEmpty else { return 0 }
        let block = min(offset / LineColumns.stride, scalarsBefore.count - 1)
        var count = scalarsBefore[block]
        for byte in bytes[(block * LineColumns.stride)..<offset] where LineColumns.startsScalar(byte) {
            count += 1
        }
        return count
    }

    private static func startsScalar(_ byte: UInt8) -> Bool { byte & 0xC0 != 0x80 }
}
