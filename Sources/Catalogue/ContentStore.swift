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
    /// What may not be removed now, and how many need it.
    private let holds = Mutex<[SHA256Digest: Int]>([:])
    /// What stays until the next start.
    private let lasting = Mutex<Set<SHA256Digest>>([])

    /// Uses a directory that ``ModelCatalogue`` has for itself.
    init(directory: String) throws(FileError) {
        self.directory = directory
        // What a killed server left is of no use to anybody.
        let incoming = Path.join(directory, "incoming")
        try Directory.make(incoming)
        for name in try Directory.names(in: incoming) where ContentStore.isIncoming(name) {
            let path = Path.join(incoming, name)
            // A directory of such a name is somebody else's.
            guard try FileStatus.existing(path)?.kind == .file else { continue }
            try Directory.removeFile(path)
        }
        try Directory.make(Path.join(directory, "content"))
    }

    /// Whether a name is one that ``receive()`` makes: the directory may hold files that are not the store's.
    private static func isIncoming(_ name: String) -> Bool {
        let parts = name.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        return parts.count == 2
            && parts.allSatisfy { !$0.isEmpty && $0.allSatisfy { (0x30...0x39).contains($0) } }
    }

    /// The digest that a name in a folder stands for; `nil` where ``path(of:)`` makes no such name.
    private static func digest(_ name: String, in folder: String) -> SHA256Digest? {
        guard folder.utf8.count == 2, name.hasUTF8Prefix(folder), let digest = SHA256Digest(hex: name),
            digest.hex.hasSameBytes(as: name)
        else { return nil }
        return digest
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

    /// Takes a file that is whole, and that nobody else writes to: it is moved, or copied from another file system.
    /// - Parameter content: what it is: it was hashed.
    package func receive(moving path: String, _ content: StoredContent) throws -> IncomingContent {
        let number = count.wrappingAdd(1, ordering: .relaxed).oldValue
        let place = Path.join(directory, "incoming/\(start)-\(number)")
        do throws(FileError) {
            try AtomicFile.rename(path, to: place)
            return IncomingContent(whole: place)
        } catch {
            guard error.isOfOtherFileSystem else { throw error }
        }
        let copy = try receive(checksum: false)
        var buffer = Buffer(count: FileReader.blockSize)
        _ = try FileReader.read(path, gitBlob: false, buffer: &buffer) { try copy.write($0) }
        guard try copy.finish().sha256 == content.sha256 else { throw HashingFailure() }
        try Directory.removeFile(path)
        return copy
    }

    /// Gives contents that are whole their names, all of them together, in their order.
    /// - Parameters:
    ///   - contents: they need not be on the disk yet (``IncomingContent/finish(waits:)``).
    ///   - proved: what files that are there were when their content was hashed.
    func keep(
        _ contents: [(incoming: IncomingContent, content: StoredContent)],
        proved: [SHA256Digest: FileStatus]
    ) throws(FileError) -> [KeptContent] {
        guard !contents.isEmpty else { return [] }
        let top = try FileHandle.directory(directory)
        try top.synchronizeFileSystem()
        var kept: [KeptContent] = []
        for (incoming, content) in contents {
            kept.append(try keep(incoming, content, proved: proved[content.sha256], waits: false))
        }
        try top.synchronizeFileSystem()
        return kept
    }

    /// Gives content that is whole its name; content that is there already is kept as it is, if it is what was hashed.
    /// - Parameters:
    ///   - proved: what the file that is there was when its content was hashed; `nil` where nobody knows.
    ///   - waits: whether the name is on the disk when it returns.
    /// - Returns: what keeps it from being swept until a version names it.
    func keep(
        _ incoming: IncomingContent, _ content: StoredContent, proved: FileStatus?, waits: Bool = true
    ) throws(FileError) -> KeptContent {
        // Before it is looked for: what is held is not removed any more.
        let hold = hold([content.sha256])
        let target = path(of: content.sha256)
        if let proved, try FileStatus.existing(target) == proved, proved.size == content.size {
            return KeptContent(content: content, status: proved, hold: hold)
        }
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
        return KeptContent(content: content, status: try FileStatus.status(of: target), hold: hold)
    }

    /// The same for content that something else than a version will name: it stays at least until the next start.
    package func keep(_ incoming: IncomingContent, _ content: StoredContent) throws(FileError) {
        let kept = try keep(incoming, content, proved: nil)
        _ = lasting.withLock { $0.insert(kept.content.sha256) }
    }

    // MARK: Sweeping

    /// Has content stay while the value that is returned lives, whether a version names it or not.
    package func hold(_ digests: [SHA256Digest]) -> ContentHold { ContentHold(digests, in: self) }

    /// Counts who needs content.
    fileprivate func change(_ digests: [SHA256Digest], by step: Int) {
        holds.withLock { holds in
            for digest in digests {
                let left = (holds[digest] ?? 0) + step
                holds[digest] = left > 0 ? left : nil
            }
        }
    }

    /// Removes content unless it is held or named.
    /// - Parameter isNamed: asked while nobody can begin to hold it.
    func remove(_ digest: SHA256Digest, unless isNamed: (SHA256Digest) throws -> Bool) throws {
        try holds.withLock { holds in
            guard holds[digest] == nil, !lasting.withLock({ $0.contains(digest) }), try !isNamed(digest)
            else { return }
            try Directory.removeFile(path(of: digest))
        }
    }

    /// The folders of content, in the order of their names.
    func folderNames() throws(FileError) -> [String] {
        try Directory.names(in: Path.join(directory, "content")).filter { $0.utf8.count == 2 }
    }

    /// What a folder holds, without files that are not the store's.
    func digests(in folder: String) -> [SHA256Digest] {
        let names = (try? Directory.names(in: Path.join(directory, "content/\(folder)"))) ?? []
        return names.compactMap { ContentStore.digest($0, in: folder) }
    }
}

/// Keeps content from being swept while it lives.
package final class ContentHold: Sendable {
    private let digests: [SHA256Digest]
    private let store: ContentStore

    /// Holds contents of a store, whether they are there yet or not.
    fileprivate init(_ digests: [SHA256Digest], in store: ContentStore) {
        self.digests = digests
        self.store = store
        store.change(digests, by: 1)
    }

    deinit { store.change(digests, by: -1) }
}

/// Content that has its name in the store, and that no version may name yet.
package struct KeptContent: Sendable {
    /// What it is.
    package let content: StoredContent
    /// The file, when its content was hashed.
    package let status: FileStatus
    /// Keeps it from being swept.
    private let hold: ContentHold

    /// Describes content that is held.
    fileprivate init(content: StoredContent, status: FileStatus, hold: ContentHold) {
        self.content = content
        self.status = status
        self.hold = hold
    }
}
