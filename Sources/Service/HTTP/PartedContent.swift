import Caches
import Formats
import Storage

/// Content that is put together from bytes in memory and whole files, of which every range can be read.
struct PartedContent: Sendable {
    /// One part.
    enum Part: Sendable {
        /// These bytes.
        case bytes([UInt8])
        /// All of a file, while it is what it was.
        case file(CachedFile)

        /// The number of bytes.
        var size: Int {
            switch self {
            case .bytes(let bytes): bytes.count
            case .file(let file): file.status.size
            }
        }
    }

    private let parts: [Part]
    private let starts: [Int]
    /// The number of bytes.
    let size: Int

    /// Puts parts behind one another.
    /// - Returns: `nil` where they would be more bytes than can be counted.
    init?(_ parts: [Part]) {
        var starts: [Int] = []
        var size = 0
        for part in parts {
            starts.append(size)
            let (sum, overflow) = size.addingReportingOverflow(part.size)
            guard !overflow else { return nil }
            size = sum
        }
        (self.parts, self.starts, self.size) = (parts, starts, size)
    }

    /// Lends the bytes of a range, in order.
    /// - Throws: also where a file is not what it was, at the latest before its last bytes.
    func read(_ range: Range<Int>, _ buffer: inout Buffer, _ take: (Span<UInt8>) throws -> Void) throws {
        var index = firstPart(at: range.lowerBound)
        while index < parts.count, starts[index] < range.upperBound {
            let start = starts[index]
            let wanted = max(0, range.lowerBound - start)..<min(parts[index].size, range.upperBound - start)
            if !wanted.isEmpty {
                switch parts[index] {
                case .bytes(let bytes): try take(bytes.span.extracting(wanted))
                case .file(let file): try PartedContent.read(wanted, of: file, &buffer, take)
                }
            }
            index += 1
        }
    }

    /// Writes the bytes of a range, those of files without copying them.
    /// - Throws: also where a file is not what it was, at the latest before its last bytes.
    func write(_ range: Range<Int>, to sink: any BodySink) throws {
        var index = firstPart(at: range.lowerBound)
        while index < parts.count, starts[index] < range.upperBound {
            let start = starts[index]
            let wanted = max(0, range.lowerBound - start)..<min(parts[index].size, range.upperBound - start)
            if !wanted.isEmpty {
                switch parts[index] {
                case .bytes(let bytes): try sink.write(bytes.span.extracting(wanted))
                case .file(let file):
                    guard let content = ServedContent(path: file.location, proved: file.status) else {
                        throw ReadFailure.changed(path: file.location)
                    }
                    try sink.send(wanted, of: content)
                }
            }
            index += 1
        }
    }

    private static func read(
        _ range: Range<Int>, of file: CachedFile, _ buffer: inout Buffer, _ take: (Span<UInt8>) throws -> Void
    ) throws {
        let handle = try FileHandle.reading(file.location)
        guard try handle.status() == file.status else { throw ReadFailure.changed(path: file.location) }
        var position = range.lowerBound
        try handle.read(range, into: &buffer) { bytes in
            position += bytes.count
            if position == range.upperBound, try handle.status() != file.status {
                throw ReadFailure.changed(path: file.location)
            }
            try take(bytes)
        }
    }

    /// The last part that begins at or before a position.
    private func firstPart(at position: Int) -> Int {
        var (low, high) = (0, starts.count)
        while low < high {
            let middle = (low + high) / 2
            if starts[middle] <= position { low = middle + 1 } else { high = middle }
        }
        return max(0, low - 1)
    }
}
