import Caches
import Formats
import Manifests
import Storage
import Synchronization

/// The archive of a version, unpacked while it is loaded, and the names that its files get when its bytes are proved.
final class KaggleUnpacking: BlobConsumer {
    private let folder: KagglehubCacheWriter
    private let wish: FetchWish
    /// The files that have to be in it, as far as they are listed, and their sizes in bytes if those are known.
    private let listed: [RelativePath: Int?]
    private let receipt: KaggleReceipt
    private let cancellation: Cancellation
    private let state = Mutex(State())

    private struct State {
        /// What is in the archive; `nil` where it is not unpacked.
        var files: [UnpackJournal.File]?
        /// Whether the files have their names.
        var isPublished = false
    }

    /// Puts the parts together; nothing is read yet.
    init(
        _ folder: KagglehubCacheWriter, _ wish: FetchWish, _ listed: [RelativePath: Int?],
        _ receipt: KaggleReceipt, _ cancellation: Cancellation
    ) {
        self.folder = folder
        self.wish = wish
        self.listed = listed
        self.receipt = receipt
        self.cancellation = cancellation
    }

    /// How many bytes of an archive an earlier run has unpacked, and how many came out of them.
    static func taken(
        _ identity: BlobIdentity, _ folder: KagglehubCacheWriter, _ wish: FetchWish
    ) -> (taken: Int, unpacked: Int) {
        let journal = UnpackJournal(folder.unpackJournal, identity, wish)
        let directory =
            journal.isWhole && !isThere(journal.files, folder.unpacked) ? folder.data : folder.unpacked
        guard isThere(journal.files, directory) else { return (0, 0) }
        return (
            journal.isWhole ? identity.size : journal.end,
            journal.files.saturatedSum { $0.sha256 == nil ? 0 : $0.size }
        )
    }

    private static func isThere(_ files: [UnpackJournal.File], _ directory: String) -> Bool {
        files.allSatisfy { file in
            file.sha256 == nil || Directory.leadsToFile(file.path.joined(to: directory), size: file.size)
        }
    }

    // MARK: While it is loaded

    func begin(_ identity: BlobIdentity) throws -> Int {
        let taken = KaggleUnpacking.taken(identity, folder, wish).taken
        if taken == 0 {
            try Directory.removeFile(folder.unpackJournal)
            try Directory.removeTree(folder.unpacked)
        }
        return taken
    }

    /// Whether an earlier run unpacked everything, proved it, and perhaps gave it its names.
    func takeWhole(_ identity: BlobIdentity) -> Bool {
        let journal = UnpackJournal(folder.unpackJournal, identity, wish)
        guard journal.isWhole else { return false }
        let isUnpacked = KaggleUnpacking.isThere(journal.files, folder.unpacked)
        guard isUnpacked || KaggleUnpacking.isThere(journal.files, folder.data) else { return false }
        let files = journal.files
        state.withLock { ($0.files, $0.isPublished) = (files, !isUnpacked) }
        return true
    }

    func consume(_ feed: BlobFeed, _ identity: BlobIdentity) throws -> Consumption {
        try Directory.make(folder.unpacked)
        var unpacker = ArchiveUnpacker(
            feed, wish, listed, into: folder.unpacked, UnpackJournal(folder.unpackJournal, identity, wish),
            cancellation)
        var problem: (any Error)?
        do {
            try unpacker.run()
            try requireComplete(unpacker.journal.files)
        } catch {
            if let failure = feed.failure { throw failure }
            problem = try kept(error, identity)
        }
        // Whatever is wrong with it: if its bytes are not those that they have to be, they are loaded once more.
        while feed.md5.count < feed.size {
            try cancellation.check()
            try feed.pass(to: min(feed.size, feed.md5.count + PartialBlob.window / 4))
            if problem != nil { feed.giveBack(upTo: feed.md5.count) }
        }
        if problem == nil, identity.matches(md5: feed.md5.digest) {
            try unpacker.journal.write(end: feed.size, feed.md5, unpacker.format, isWhole: true)
            let files = unpacker.journal.files
            state.withLock { $0.files = files }
        }
        return Consumption(md5: feed.md5.digest, problem: problem)
    }

    /// An error that wrong bytes may have led to, if it can be seen whether they are.
    /// - Throws: every other one.
    private func kept(_ error: any Error, _ identity: BlobIdentity) throws -> any Error {
        let mayPass =
            switch error {
            case let archive as ArchiveError: !archive.isFullDisk
            case is TransferFailure, is Diagnostics: true
            default: false
            }
        guard mayPass else { throw error }
        if case .md5 = identity.proof { return error }
        forget()
        throw error
    }

    func forget() {
        state.withLock { $0.files = nil }
        try? Directory.removeFile(folder.unpackJournal)
        try? Directory.removeTree(folder.unpacked)
    }

    // MARK: When it is proved

    /// Gives the files their names, all together where they are all that the archive has.
    func publish() throws {
        if state.withLock({ $0.files == nil }) { try unpackWhole() }
        let (files, isPublished) = state.withLock { ($0.files ?? [], $0.isPublished) }
        let wanted = files.filter { $0.sha256 != nil }
        if !isPublished { try move(wanted, of: files.count) }
        if wanted.count == files.count {
            receipt.state(isWhole: true, [], unpacked: wanted.count)
        } else {
            receipt.state(isWhole: false, wanted.map(\.path), unpacked: wanted.count)
        }
    }

    private func move(_ wanted: [UnpackJournal.File], of count: Int) throws {
        if wanted.count == count {
            // kagglehub's marker of a notebook may be there already, for another version.
            try Directory.make(Path.parent(folder.data))
            try Directory.removeTree(folder.data)
            try AtomicFile.rename(folder.unpacked, to: folder.data)
        } else {
            for file in wanted {
                try Directory.make(Path.parent(folder.file(file.path)))
                try AtomicFile.rename(file.path.joined(to: folder.unpacked), to: folder.file(file.path))
            }
            try Directory.removeTree(folder.unpacked)
        }
    }

    /// Unpacks an archive that is in a file: one that is small, or of which nobody knew how long it is.
    private func unpackWhole() throws {
        do {
            let feed = try WholeFeed(folder.archive)
            forget()
            let identity = BlobIdentity(proof: .size("file"), size: feed.size)
            _ = try consume(feed, identity)
        } catch {
            // What cannot be unpacked now will not be the next time either.
            if !error.isOfFullDisk {
                try? Directory.removeFile(folder.archive)
                forget()
            }
            throw error
        }
    }

    private func requireComplete(_ files: [UnpackJournal.File]) throws {
        let known = Set(files.lazy.filter { $0.sha256 != nil }.map(\.path))
        let needed = wish.locked.map { Array($0.keys) } ?? Array(listed.keys)
        if let path = needed.sorted().first(where: { !known.contains($0) }) {
            throw TransferFailure(.changed("the archive does not have it"), file: path.text)
        }
        guard !known.isEmpty else {
            throw Diagnostics(
                Diagnostic(
                    code: .noFiles, "\(wish.subject): no file is wanted of \(files.count)",
                    fix: "look at include and exclude"))
        }
    }
}

/// The files of an archive, which get their names all together.
struct KaggleArchiveName: BlobName {
    /// What came out of the archive.
    let unpacking: KaggleUnpacking
    /// What stated what the archive has to be.
    let source: KaggleSource
    /// Notes what nothing but its size proves.
    let receipt: KaggleReceipt
    /// Whether a lock proves the files.
    let isLocked: Bool

    var text: String { "the archive" }

    func publish() throws {
        if let known = source.known, !isLocked { receipt.note(text, known) }
        try unpacking.publish()
    }
}
