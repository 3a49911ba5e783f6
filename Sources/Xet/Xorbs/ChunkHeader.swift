import Formats

/// The eight bytes in front of each chunk of a xorb (Xet protocol 1.1, "Chunk Format").
struct ChunkHeader: Equatable {
    /// How the content of a chunk is stored.
    enum Scheme: UInt8 {
        /// As it is.
        case none = 0
        /// As a frame of LZ4.
        case lz4 = 1
        /// The first bytes of all groups of four, then the second ones and so on, as a frame of LZ4.
        case byteGroupingLZ4 = 2
    }

    /// The size of a header in bytes.
    static let size = 8

    /// How the content is stored.
    let scheme: Scheme
    /// The size of what follows the header, in bytes.
    let storedSize: Int
    /// The size of the content, in bytes.
    let contentSize: Int

    /// Reads a header.
    /// - Parameters:
    ///   - bytes: at least ``size`` of them.
    ///   - offset: where they are, for errors.
    init(_ bytes: Span<UInt8>, at offset: Int) throws(FormatError) {
        guard bytes.count >= ChunkHeader.size else {
            throw FormatError("a chunk's header ends after \(bytes.count) of 8 bytes", at: offset)
        }
        guard bytes[0] == 0 else {
            throw FormatError("a chunk has version \(bytes[0]), and only 0 is known", at: offset)
        }
        guard let scheme = Scheme(rawValue: bytes[4]) else {
            throw FormatError(
                "a chunk is compressed in way \(bytes[4]), and 0 to 2 are known", at: offset + 4)
        }
        self.scheme = scheme
        storedSize = Int(littleEndian(bytes, 1..<4))
        contentSize = Int(littleEndian(bytes, 5..<8))
        guard (1...Chunker.largest).contains(contentSize) else {
            throw FormatError(
                "a chunk has \(contentSize) bytes, and 1 to \(Chunker.largest) are allowed", at: offset + 5)
        }
        // Compressing that saves nothing is not done; but even then a frame is hardly longer than its content.
        guard (1...2 * Chunker.largest).contains(storedSize), scheme != .none || storedSize == contentSize
        else {
            throw FormatError(
                "a chunk of \(contentSize) bytes is stored in \(storedSize) bytes", at: offset + 1)
        }
    }
}
