import Storage

/// Content that is coming in: written to the disk and hashed at once. It is removed with this value, unless it was kept.
package final class IncomingContent {
    /// Where it is until then.
    package let path: String
    private var file: FileHandle?
    private var hasher: ContentHasher?
    private var checksum = CRC32()
    private var size = 0
    private var looked = 0
    private let reserve: Int

    /// Begins with a new file.
    init(path: String) throws(FileError) {
        self.path = path
        file = try FileHandle.creating(path)
        hasher = try? ContentHasher()
        reserve = min(IncomingContent.mostReserve, try Directory.totalBytes(at: path) / 20)
    }

    deinit { try? Directory.removeFile(path) }

    /// The catalogue's disk has less free than it keeps.
    package struct NoRoom: Error {}

    /// What uploads leave free on the disk at most, in bytes, and after how many bytes that is looked at again. Of a small disk
    /// the twentieth part is left.
    private static let mostReserve = 1 << 30
    private static let step = 1 << 26

    /// Takes the next bytes.
    /// - Throws: also ``NoRoom``, so that no client can fill the disk.
    package func write(_ bytes: Span<UInt8>) throws {
        if size >= looked {
            guard try Directory.freeBytes(at: path) >= reserve else { throw NoRoom() }
            // Near the end it is looked at more often.
            looked = size + min(IncomingContent.step, max(1 << 20, reserve / 4))
        }
        try file?.write(bytes)
        try hasher?.update(bytes)
        checksum.update(bytes)
        size += bytes.count
    }

    /// Ends it, waits until it is on the disk, and closes the file: an upload may be of more files than can be open.
    package func finish() throws -> StoredContent {
        guard let file = file.take(), let hasher = hasher.take() else { throw HashingFailure() }
        try file.synchronize()
        return StoredContent(sha256: try hasher.finish().sha256, size: size, crc32: checksum.value)
    }
}
