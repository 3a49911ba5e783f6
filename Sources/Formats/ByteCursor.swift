/// Why the reading of a header stopped before its end.
package enum HeaderStop: Error, Equatable {
    /// The bytes at hand end too early: the header has at least this many, from the start of the file.
    case needsMore(atLeast: Int)
    /// What is there breaks the format.
    case malformed(FormatError)

    /// The header breaks the format at an offset, in bytes from the start of the file.
    package static func malformed(_ message: String, at offset: Int) -> HeaderStop {
        .malformed(FormatError(message, at: offset))
    }
}

/// Where the reading of a binary header stands; the bytes, a prefix of the file, stay with the caller.
/// Numbers are little-endian.
package struct ByteCursor {
    /// The next byte to read, from the start of the file.
    package private(set) var position: Int
    /// The size of the file, which nothing in it may pass.
    package let fileSize: Int
    /// The size that the header may have, which bounds the memory for it.
    package let maximumLength: Int

    /// Starts at an offset of a file of `fileSize` bytes, of which the header may take the first `maximumLength`.
    package init(position: Int = 0, fileSize: Int, maximumLength: Int = .max) {
        self.position = position
        self.fileSize = fileSize
        self.maximumLength = maximumLength
    }

    /// The bytes of the file that follow.
    package var remaining: Int { max(0, fileSize - position) }

    /// Moves over `count` bytes, which have to be at hand, and returns where they are stored.
    package mutating func take(
        _ count: Int, _ bytes: Span<UInt8>, _ what: @autoclosure () -> String
    ) throws(HeaderStop) -> Range<Int> {
        guard count >= 0, count <= remaining else {
            throw .malformed("\(what()) takes \(count) bytes, but \(remaining) are left", at: position)
        }
        let end = position + count
        guard end <= maximumLength else {
            throw .malformed(
                "\(what()) ends at \(end), but a header has at most \(maximumLength) bytes", at: position)
        }
        guard end <= bytes.count else { throw .needsMore(atLeast: end) }
        defer { position = end }
        return position..<end
    }

    /// Reads a whole number of 1 to 8 bytes.
    package mutating func unsigned(
        size: Int, _ bytes: Span<UInt8>, _ what: @autoclosure () -> String
    ) throws(HeaderStop) -> UInt64 {
        littleEndian(bytes, try take(size, bytes, what()))
    }

    /// Reads a little-endian number of 32 bits.
    package mutating func uint32(
        _ bytes: Span<UInt8>, _ what: @autoclosure () -> String
    ) throws(HeaderStop) -> UInt32 {
        UInt32(truncatingIfNeeded: try unsigned(size: 4, bytes, what()))
    }

    /// Reads the count of things that take at least `minimumSize` bytes each, and refuses at once one that
    /// cannot be true, so that no memory or time is spent on what it claims.
    package mutating func count(
        ofAtLeast minimumSize: Int, _ bytes: Span<UInt8>, _ what: @autoclosure () -> String
    ) throws(HeaderStop) -> Int {
        let start = position
        let claimed = try unsigned(size: 8, bytes, what())
        guard claimed <= UInt64(remaining / minimumSize) else {
            throw .malformed("\(what()) is \(claimed), more than \(remaining) bytes can hold", at: start)
        }
        return Int(claimed)
    }
}

/// The whole number that at most 8 bytes make, least significant byte first.
package func littleEndian(_ bytes: Span<UInt8>, _ range: Range<Int>) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    for index in range {
        value |= UInt64(bytes[index]) << shift
        shift += 8
    }
    return value
}
