import Formats
import Manifests
import Storage

/// Reads the bytes of a file that is sent, from any place of it.
struct OutgoingReader: ~Copyable {
    private let name: String
    private let bytes: [UInt8]
    /// What the file consists of: a range of the file on the disk for each part.
    private let parts: [Range<Int>]
    /// `nil` for what is in memory.
    private let file: FileHandle?
    private let isInMemory: Bool

    /// Opens the file.
    /// - Throws: where it cannot be read, and where it has another size than is stated.
    init(_ outgoing: OutgoingFile) throws {
        name = outgoing.path.text
        switch outgoing.content {
        case .bytes(let content):
            guard content.count == outgoing.size else { throw OutgoingChanged(outgoing, found: nil) }
            bytes = content
            parts = []
            file = nil
            isInMemory = true
        case .file(let path, let ranges):
            let handle = try FileHandle.reading(path)
            let size = try handle.status().size
            let wanted = ranges ?? [0..<outgoing.size]
            guard ranges != nil || size == outgoing.size,
                wanted.reduce(0, { $0 + $1.count }) == outgoing.size
            else { throw OutgoingChanged(outgoing, found: nil) }
            bytes = []
            parts = wanted
            file = consume handle
            isInMemory = false
        }
    }

    /// Fills the beginning of a buffer with `count` bytes from `position`.
    /// - Throws: also where the file ends before that.
    borrowing func fill(_ buffer: inout Buffer, from position: Int, count: Int) throws {
        guard position >= 0, count >= 0, count <= buffer.count else { throw ReadFailure.changed(path: name) }
        if isInMemory {
            guard position <= bytes.count - count else { throw ReadFailure.changed(path: name) }
            buffer.withMutableBytes(0..<count) { target in
                for index in 0..<count { target[index] = bytes[position + index] }
            }
            return
        }
        var done = 0
        var start = 0
        for part in parts where done < count {
            let end = start + part.count
            defer { start = end }
            let wanted = position + done
            guard wanted < end else { continue }
            let from = part.lowerBound + (wanted - start)
            let length = min(count - done, part.upperBound - from)
            let got = try buffer.withMutableBytes(done..<done + length) { target in
                try file?.read(into: &target, at: from)
            }
            guard got == length else { throw ReadFailure.changed(path: name) }
            done += length
        }
        guard done == count else { throw ReadFailure.changed(path: name) }
    }

    /// Hands the bytes of a range over as they are hashed; the last ones of the file only where all of it is right.
    ///
    /// - Parameters:
    ///   - hasher: was fed what is before the range.
    ///   - buffer: is read into, block by block.
    borrowing func stream(
        _ range: Range<Int>, of file: OutgoingFile, into hasher: inout ContentHasher, _ buffer: inout Buffer,
        _ throttle: Throttle, _ cancellation: Cancellation, _ write: (Span<UInt8>) throws -> Void
    ) throws {
        var position = range.lowerBound
        while position < range.upperBound {
            let count = min(buffer.count, range.upperBound - position, max(1, throttle.step))
            try fill(&buffer, from: position, count: count)
            try buffer.withBytes(count) { bytes in try hasher.update(bytes) }
            if position + count == file.size {
                let found = try hasher.digestSoFar()
                guard found == file.sha256 else { throw OutgoingChanged(file, found: found) }
            }
            try buffer.withBytes(count) { bytes in try write(bytes) }
            try throttle.received(count, cancellation)
            position += count
        }
    }

    /// Feeds the bytes of a range to a hasher.
    borrowing func hash(_ range: Range<Int>, into hasher: inout ContentHasher, _ buffer: inout Buffer) throws
    {
        var position = range.lowerBound
        while position < range.upperBound {
            let count = min(buffer.count, range.upperBound - position)
            try fill(&buffer, from: position, count: count)
            try buffer.withBytes(count) { bytes in try hasher.update(bytes) }
            position += count
        }
    }
}

/// A file has not the content that the lock states: nothing is made of it.
struct OutgoingChanged: Error, Equatable, Sendable {
    /// The path in the bundle.
    let path: String
    /// The digest that is stated.
    let expected: SHA256Digest
    /// The digest that was found; `nil` where the size is another one.
    let found: SHA256Digest?
    /// Where it was read; `nil` for what was in memory.
    let place: String?

    /// Takes the file and what was found in its place.
    init(_ file: OutgoingFile, found: SHA256Digest?) {
        path = file.path.text
        expected = file.sha256
        self.found = found
        if case .file(let path, _) = file.content { place = path } else { place = nil }
    }
}
