import Formats
package import Storage
import Synchronization

/// Content by its SHA-256, each once: `content/xx/<sha256>` in the catalogue's directory. What is still coming is in
/// `incoming`, under a name of its own, until it is whole.
package final class ContentStore: Sendable {
    private let directory: String
    private let count = Atomic<Int>(0)
    private let start = currentTime()
    /// The folders that are there for certain.
    private let folders = Mutex<Set<ExactName>>([])

    /// Uses a directory that ``ModelCatalogue`` has for itself.
    init(directory: String) throws(FileError) {
        self.directory = directory
        // What a killed server left is of no use to anybody.
        let incoming = Path.join(directory, "incoming")
        try Directory.make(incoming)
        for name in try Directory.names(in: incoming) where ContentStore.isIncoming(name) {
            try Directory.removeFile(Path.join(incoming, name))
        }
        try Directory.make(Path.join(directory, "content"))
    }

    /// Whether a name is one that ``receive()`` makes: the directory may hold files that are not the store's.
    private static func isIncoming(_ name: String) -> Bool {
        let parts = name.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        return parts.count == 2
            && parts.allSatisfy { !$0.isEmpty && $0.allSatisfy { (0x30...0x39).contains($0) } }
    }

    /// Whether a name is one that ``path(of:)`` makes in a folder.
    private static func isContent(_ name: String, in folder: String) -> Bool {
        folder.utf8.count == 2 && name.hasUTF8Prefix(folder)
            && SHA256Digest(hex: name)?.hex.hasSameBytes(as: name) == true
    }

    /// Where content is, or will be.
    package func path(of digest: SHA256Digest) -> String {
        Path.join(directory, "content/\(digest.hex.prefix(2))/\(digest.hex)")
    }

    /// Begins to take content that comes in.
    /// - Parameter checksum: whether the checksum of zips is wanted, too; it is 0 otherwise.
    package func receive(checksum: Bool = true) throws(FileError) -> IncomingContent {
        let number = count.wrappingAdd(1, ordering: .relaxed).oldValue
        return try IncomingContent(
            path: Path.join(directory, "incoming/\(start)-\(number)"), checksum: checksum)
    }

    /// Gives contents that are whole their names, all of them together.
    /// - Parameter contents: they need not be on the disk yet (``IncomingContent/finish(waits:)``).
    package func keep(_ contents: [(incoming: IncomingContent, content: StoredContent)]) throws(FileError) {
        guard !contents.isEmpty else { return }
        let top = try FileHandle.directory(directory)
        try top.synchronizeFileSystem()
        for (incoming, content) in contents { try keep(incoming, content, waits: false) }
        try top.synchronizeFileSystem()
    }

    /// Gives content that is whole its name; content that is there already is kept as it is.
    package func keep(_ incoming: IncomingContent, _ content: StoredContent) throws(FileError) {
        try keep(incoming, content, waits: true)
    }

    private func keep(
        _ incoming: IncomingContent, _ content: StoredContent, waits: Bool
    ) throws(FileError) {
        let target = path(of: content.sha256)
        if try FileStatus.existing(target)?.size == content.size { return }
        let folder = Path.parent(target)
        try folders.withLock { (known) throws(FileError) in
            guard !known.contains(ExactName(folder)) else { return }
            try Directory.make(folder)
            // Its own name has to be on the disk, too.
            try AtomicFile.synchronizeDirectory(of: folder)
            known.insert(ExactName(folder))
        }
        try AtomicFile.rename(incoming.path, to: target)
        if waits { try AtomicFile.synchronizeDirectory(of: target) }
    }

    /// Removes content that no version names, and no other file.
    /// - Returns: the bytes that became free.
    func sweep(keeping named: Set<ExactName>) throws(FileError) -> Int {
        var freed = 0
        let content = Path.join(directory, "content")
        for folder in try Directory.names(in: content) {
            let place = Path.join(content, folder)
            for name in (try? Directory.names(in: place)) ?? []
            where ContentStore.isContent(name, in: folder) && !named.contains(name) {
                let path = Path.join(place, name)
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
    private var file: FileHandle?
    private var hasher: ContentHasher?
    private var checksum: CRC32?
    private var size = 0
    private var looked = 0
    private var isDetached = false

    /// Begins with a new file.
    init(path: String, checksum: Bool) throws(FileError) {
        self.path = path
        self.checksum = checksum ? CRC32() : nil
        file = try FileHandle.creating(path)
        hasher = try? ContentHasher()
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
