import Formats
import Manifests
import Storage
import Synchronization

/// Where the content of a file is, or that of an archive, until it gets its name: outside of what kagglehub looks at.
struct KaggleTarget: BlobTarget {
    /// The places of the version.
    let folder: KagglehubCacheWriter
    /// What states what the content has to be.
    let source: KaggleSource
    /// Where the content is kept.
    let path: String
    /// Where the file is when it has its name; `nil` for an archive.
    let file: String?
    /// The SHA-256 that a lock pins.
    let locked: SHA256Digest?
    /// What an archive becomes; `nil` for a file.
    let unpacking: KaggleUnpacking?

    var consumer: (any BlobConsumer)? { unpacking }
    var lockPath: String { path + ".lock" }

    /// Takes the lock. Whoever has loaded everything removes the directory, at any time.
    func lock() throws(FileError) -> FileHandle? {
        var tries = 0
        while true {
            try Directory.make(folder.staging)
            do throws(FileError) {
                return try FileHandle.sharedLock(lockPath)
            } catch {
                tries += 1
                guard error.isMissing, tries < 100 else { throw error }
            }
        }
    }

    /// A file that has its name already, though no marker states that it is whole, is compared with what the store states.
    func takeFromElsewhere(_ identity: BlobIdentity, _ buffer: inout Buffer) throws -> Bool {
        if let unpacking, unpacking.takeWhole(identity) { return true }
        guard let file else { return try takeUnsized(identity, &buffer) }
        guard Directory.leadsToFile(file, size: identity.size) else { return false }
        let known = try source.patience.again { try source.identity() }
        guard known.size == identity.size, !source.isPacked else { return false }
        if case .size = known.proof, locked == nil { return false }
        var hasher = try known.hasher()
        let content = try FileHandle.reading(try Directory.realPath(file))
        try content.read(0..<known.size, into: &buffer) { bytes in try hasher.update(bytes) }
        let digests = try hasher.finish()
        return known.matches(digests) && (locked.map { $0 == digests.sha256 } ?? true)
    }

    /// An archive whose length nobody states is read from its start to its end: its format proves that it is whole.
    private func takeUnsized(_ identity: BlobIdentity, _ buffer: inout Buffer) throws -> Bool {
        guard identity == KaggleTarget.unsized else { return false }
        try source.patience.again {
            let response = try source.openUnsized()
            let content = try FileHandle.updating(path)
            try content.resize(0)
            var position = 0
            while true {
                let count = try response.read(into: buffer, at: 0, count: buffer.count)
                if count == 0 { break }
                try buffer.withBytes(count) { bytes in try content.write(bytes, at: position) }
                position += count
            }
            try content.synchronizeContent()
        }
        return true
    }

    /// What is known of an archive whose length nobody states. No archive has this size, so nothing else is loaded as it.
    static let unsized = BlobIdentity(proof: .size("unsized"), size: 0)
}

/// The name of a file in a version.
struct KaggleName: BlobName {
    /// The places of the version.
    let folder: KagglehubCacheWriter
    /// What stated what the content has to be.
    let source: KaggleSource
    let path: RelativePath
    /// Where the content is.
    let content: String
    /// The size that was listed, in bytes; `nil` where that may not be the file's.
    let size: Int?
    /// The SHA-256 that a lock pins.
    let locked: SHA256Digest?
    /// Notes what nothing but its size proves.
    let receipt: KaggleReceipt
    /// Whether somebody wants the work to end.
    let cancellation: Cancellation

    var text: String { path.text }

    func publish() throws {
        if locked == nil, let known = source.known { receipt.note(path.text, known) }
        // Where it was found under its name there is nothing to move.
        guard ((try? FileStatus.existing(content)) ?? nil) != nil else { return }
        let target = folder.file(path)
        try Directory.make(Path.parent(target))
        if source.isPacked, try FileHandle.reading(content).bytes(0..<2) == [0x50, 0x4B] {
            defer { try? Directory.removeFile(content) }
            let unfinished = content + ".unpacked"
            let unpacked = try KaggleArchive(path: content, limit: try Directory.freeBytes(at: folder.root))
                .unpackOnly(path.name, size: size, to: unfinished, cancellation)
            try KaggleArchive.require(unpacked, locked)
            try AtomicFile.rename(unfinished, to: target)
        } else {
            // It only looked as if it was zipped, and nobody has compared it with the lock.
            if source.isPacked, let locked {
                let found = try FileReader.contentDigest(of: content)
                guard found == locked else {
                    throw TransferFailure(
                        .notAsLocked(found: found.hex, expected: locked.hex), file: path.text)
                }
            }
            try AtomicFile.rename(content, to: target)
        }
    }
}

extension FileReader {
    /// The SHA-256 of a file.
    fileprivate static func contentDigest(of path: String) throws -> SHA256Digest {
        var buffer = Buffer(count: blockSize)
        return try read(FileHandle.reading(path), gitBlob: false, buffer: &buffer) { _ in }.digests.sha256
    }
}

/// What is there when everything was loaded.
final class KaggleReceipt: Sendable {
    private let state: Mutex<State>

    private struct State {
        var isWhole: Bool
        var files: [RelativePath]
        var unpacked: Int?
        var unproved: Set<ExactName> = []
    }

    /// - Parameters:
    ///   - isWhole: whether the files are all that the version has.
    ///   - files: the files that are marked where they are not all.
    init(isWhole: Bool, _ files: [RelativePath]) { state = Mutex(State(isWhole: isWhole, files: files)) }

    /// What there is, where nobody knew it before: the files of an archive.
    func state(isWhole: Bool, _ files: [RelativePath], unpacked: Int) {
        state.withLock { ($0.isWhole, $0.files, $0.unpacked) = (isWhole, files, unpacked) }
    }

    /// How many files came out of an archive; `nil` where none was unpacked.
    var unpacked: Int? { state.withLock { $0.unpacked } }

    /// Remembers a file of which no digest is known.
    func note(_ name: String, _ identity: BlobIdentity) {
        if case .size = identity.proof { state.withLock { _ = $0.unproved.insert(ExactName(name)) } }
    }

    /// Whether all of the version is there, and the files that are there where it is not.
    var content: (isWhole: Bool, files: [RelativePath]) { state.withLock { ($0.isWhole, $0.files) } }

    /// The files that nothing but their size proves.
    var unproved: [String] { state.withLock { $0.unproved.sorted().map(\.text) } }
}
