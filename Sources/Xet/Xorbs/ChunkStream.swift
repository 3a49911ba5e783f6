package import Formats

/// A chunk as it is stored. Its content is not made before somebody asks for it.
package struct Chunk: Sendable {
    private let header: ChunkHeader
    private let stored: [UInt8]
    /// Where the stored bytes are in the part, for errors.
    private let offset: Int

    fileprivate init(_ header: ChunkHeader, _ stored: [UInt8], at offset: Int) {
        self.header = header
        self.stored = stored
        self.offset = offset
    }

    /// The size of the content in bytes, as the header states it: from 1 to 128 KiB.
    package var size: Int { header.contentSize }

    /// The content, which has the size that is stated.
    package func content() throws(FormatError) -> [UInt8] {
        switch header.scheme {
        case .none: return stored
        case .lz4: return try expanded()
        case .byteGroupingLZ4: return ByteGrouping.ungrouped(try expanded())
        }
    }

    private func expanded() throws(FormatError) -> [UInt8] {
        do throws(FormatError) {
            return try LZ4Frame.content(stored, size: header.contentSize)
        } catch {
            throw FormatError(error.message, at: offset + error.offset)
        }
    }
}

/// Takes the chunks out of a part of a xorb while its bytes arrive. It keeps no more than a chunk that is not whole, and
/// what was just received.
package struct ChunkStream: Sendable {
    /// How many chunks still have to come.
    package private(set) var remaining: Int
    private var bytes: [UInt8] = []
    /// Where the next chunk is in `bytes`.
    private var start = 0
    /// Where `bytes` begin in the part.
    private var offset = 0

    /// Starts on a part that has so many chunks and nothing else.
    package init(chunks: Int) { remaining = chunks }

    /// Takes bytes that follow. Whoever gives them asks for all ``next()`` of them before the next ones.
    package mutating func append(_ more: Span<UInt8>) {
        if start > 0 {
            bytes.removeFirst(start)
            offset += start
            start = 0
        }
        // SAFETY: the bytes are only read, while they are lent.
        unsafe more.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
    }

    /// The next chunk; `nil` where it is not whole yet, or was the last one.
    package mutating func next() throws(FormatError) -> Chunk? {
        let there = bytes.count - start
        guard remaining > 0 else {
            guard there == 0 else {
                throw FormatError("\(there) bytes follow the last chunk", at: offset + start)
            }
            return nil
        }
        guard there >= ChunkHeader.size else { return nil }
        let header = try ChunkHeader(
            bytes.span.extracting(start..<start + ChunkHeader.size), at: offset + start)
        guard there >= ChunkHeader.size + header.storedSize else { return nil }
        let stored = start + ChunkHeader.size
        let chunk = Chunk(
            header, Array(bytes[stored..<stored + header.storedSize]), at: offset + stored)
        start = stored + header.storedSize
        remaining -= 1
        return chunk
    }

    /// Makes sure that the part ended where it had to.
    package func finish() throws(FormatError) {
        guard remaining == 0, bytes.count == start else {
            throw FormatError("the part ends, and \(remaining) chunks are missing", at: offset + bytes.count)
        }
    }
}
