import Formats
package import Storage
import Synchronization

/// Content by its SHA-256, each once: `content/xx/<sha256>` in the catalogue's directory. What is still coming is in
/// `incoming`, under a name of its own, until it is whole.
package final class ContentStore: Sendable {
    private let directory: String
    private let count = Atomic<Int>(0)
    private let start = currentTime()

    /// Uses a directory that ``ModelCatalogue`` has for itself.
    init(directory: String) throws(FileError) {
        self.directory = directory
        // What a killed server left is of no use to anybody.
        let incoming = Path.join(directory, "incoming")
        if try FileStatus.existing(incoming) != nil { try Directory.removeTree(incoming) }
        try Directory.make(incoming)
        try Directory.make(Path.join(directory, "content"))
    }

    /// Where content is, or will be.
    package func path(of digest: SHA256Digest) -> String {
        Path.join(directory, "content/\(digest.hex.prefix(2))/\(digest.hex)")
    }

    /// Begins to take content that comes in.
    package func receive() throws(FileError) -> IncomingContent {
        let number = count.wrappingAdd(1, ordering: .relaxed).oldValue
        return try IncomingContent(path: Path.join(directory, "incoming/\(start)-\(number)"))
    }

    /// Gives content that is whole its name; content that is there already is kept as it is.
    package func keep(_ incoming: IncomingContent, _ content: StoredContent) throws(FileError) {
        let target = path(of: content.sha256)
        if try FileStatus.existing(target)?.size == content.size { return }
        try Directory.make(Path.parent(target))
        try AtomicFile.rename(incoming.path, to: target)
        try AtomicFile.synchronizeDirectory(of: target)
    }

    /// Removes content that no version names.
    /// - Returns: the bytes that became free.
    func sweep(keeping named: Set<ExactName>) throws(FileError) -> Int {
        var freed = 0
        let content = Path.join(directory, "content")
        for folder in try Directory.names(in: content) {
            let folder = Path.join(content, folder)
            for name in (try? Directory.names(in: folder)) ?? [] where !named.contains(name) {
                let path = Path.join(folder, name)
                freed += (try? FileStatus.status(of: path).size) ?? 0
                try Directory.removeFile(path)
            }
        }
        return freed
    }
}

/// Content that is coming in: written to the disk and hashed at once. It is removed with this value, unless it was kept.
package final class IncomingContent {
    /// Where it is until then.
    package let path: String
    private let file: FileHandle
    private var hasher: ContentHasher?
    private var checksum = CRC32()
    private var size = 0
    private var looked = 0

    /// Begins with a new file.
    init(path: String) throws(FileError) {
        self.path = path
        file = try FileHandle.creating(path)
        hasher = try? ContentHasher()
    }

    deinit { try? Directory.removeFile(path) }

    /// The catalogue's disk has less free than it keeps.
    package struct NoRoom: Error {}

    /// What uploads leave free on the disk, in bytes, and after how many bytes that is looked at again.
    private static let reserve = 1 << 30
    private static let step = 1 << 26

    /// Takes the next bytes.
    /// - Throws: also ``NoRoom``, so that no client can fill the disk.
    package func write(_ bytes: Span<UInt8>) throws {
        if size >= looked {
            guard try Directory.freeBytes(at: path) >= IncomingContent.reserve else { throw NoRoom() }
            looked = size + IncomingContent.step
        }
        try file.write(bytes)
        try hasher?.update(bytes)
        checksum.update(bytes)
        size += bytes.count
    }

    /// Ends it, and waits until it is on the disk.
    package func finish() throws -> StoredContent {
        try file.synchronize()
        guard let hasher = hasher.take() else { throw HashingFailure() }
        return StoredContent(sha256: try hasher.finish().sha256, size: size, crc32: checksum.value)
    }
}
