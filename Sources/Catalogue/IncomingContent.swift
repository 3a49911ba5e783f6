package import Storage

/// Content that is coming in: written to the disk and hashed at once. It is removed with this value, unless it was kept.
package final class IncomingContent {
    /// Where it is until then.
    package let path: String
    private var file: FileHandle?
    private var hasher: ContentHasher?
    private var checksum: CRC32?
    private var isDetached = false
    private var size = 0
    private var looked = 0
    private let reserve: Int

    /// Begins with a new file.
    /// - Parameter checksum: whether the checksum of zips is wanted, too.
    init(path: String, checksum: Bool) throws(FileError) {
        self.path = path
        self.checksum = checksum ? CRC32() : nil
        file = try FileHandle.creating(path)
        hasher = try? ContentHasher()
        reserve = min(IncomingContent.mostReserve, try Directory.totalBytes(at: path) / 20)
    }

    /// Takes a file that is whole, and was hashed by somebody else.
    init(whole path: String) {
        self.path = path
        reserve = 0
    }

    deinit { if !isDetached { try? Directory.removeFile(path) } }

    /// The file apart from this value, for whoever is not of one thread.
    package func detached() -> DetachedContent {
        isDetached = true
        return DetachedContent(path: path)
    }

    /// Waits until what came so far is on the disk.
    package func synchronize() throws(FileError) { try file?.synchronize() }

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
        checksum?.update(bytes)
        size += bytes.count
    }

    /// Ends it, waits until it is on the disk, and closes the file: an upload may be of more files than can be open.
    /// - Parameter waits: `false` where the file is kept with others, which waits for all.
    package func finish(waits: Bool = true) throws -> StoredContent {
        guard let file = file.take(), let hasher = hasher.take() else { throw HashingFailure() }
        if waits { try file.synchronize() }
        return StoredContent(sha256: try hasher.finish().sha256, size: size, crc32: checksum?.value ?? 0)
    }
}

/// A file with content that came in, and is whole. It is removed with this value.
package final class DetachedContent: Sendable {
    /// Where it is until then.
    package let path: String

    fileprivate init(path: String) { self.path = path }

    deinit { try? Directory.removeFile(path) }
}
