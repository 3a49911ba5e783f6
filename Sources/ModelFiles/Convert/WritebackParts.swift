import Synchronization

/// Which parts of a file are written: the disk is given large ones, because slabs that several threads write in turn
/// would be many small writes, and what waits for the end would be written while nothing else is done.
final class WritebackParts: Sendable {
    /// The size of a part in bytes.
    private static let size = 4 << 20

    private let left: Mutex<[Int]>

    /// - Parameter tensors: the ranges of bytes that will be written, of which no two overlap.
    init(_ tensors: [Range<Int>]) {
        var left = [Int](repeating: 0, count: (tensors.map(\.upperBound).max() ?? 0) / Self.size + 1)
        for tensor in tensors { Self.forEachPart(of: tensor) { left[$0] += $1 } }
        self.left = Mutex(left)
    }

    /// Counts bytes as written.
    /// - Returns: the parts of which nothing is left to write, whose other bytes are zeros that nobody writes.
    func wrote(_ bytes: Range<Int>) -> [Range<Int>] {
        left.withLock { left in
            var whole: [Range<Int>] = []
            Self.forEachPart(of: bytes) { part, count in
                left[part] -= count
                if left[part] == 0 { whole.append(part * Self.size..<(part + 1) * Self.size) }
            }
            return whole
        }
    }

    private static func forEachPart(of bytes: Range<Int>, _ body: (_ part: Int, _ count: Int) -> Void) {
        var position = bytes.lowerBound
        while position < bytes.upperBound {
            let part = position / size
            let end = min(bytes.upperBound, (part + 1) * size)
            body(part, end - position)
            position = end
        }
    }
}
