import Formats
import Manifests
import Storage

/// Unpacks an archive while its bytes come, file after file, into a directory that nobody else looks into.
struct ArchiveUnpacker: ~Copyable {
    /// The archive's bytes.
    let feed: BlobFeed
    /// What is wanted of it.
    let wish: FetchWish
    /// The files that are listed, and their sizes in bytes if those are known.
    let listed: [RelativePath: Int?]
    /// The directories of what is unpacked, and the files: nothing is both.
    private var directories: Set<RelativePath> = []
    private var files: Set<RelativePath> = []
    /// Receives the files.
    let directory: String
    /// Whether somebody wants the work to end.
    let cancellation: Cancellation
    /// How far it is.
    var journal: UnpackJournal
    /// What the archive is, when it was looked at.
    private(set) var format = FeedFormat.tar
    /// How many bytes of the archive may still come besides those that were unpacked.
    private var ahead: Int { min(PartialBlob.window, feed.size - feed.md5.count) }

    /// After so many bytes of the archive it is written down how far it is.
    private static let interval = 8 << 20
    /// After so many bytes of a file the free space is looked at.
    private static let step = 32 << 20

    /// Puts the parts together; nothing is read yet.
    init(
        _ feed: BlobFeed, _ wish: FetchWish, _ listed: [RelativePath: Int?], into directory: String,
        _ journal: consuming UnpackJournal, _ cancellation: Cancellation
    ) {
        self.feed = feed
        self.wish = wish
        self.listed = listed
        self.directory = directory
        self.journal = journal
        self.cancellation = cancellation
    }

    /// Unpacks what is wanted and not there yet.
    ///
    /// - Throws: `ArchiveError` for links, devices, paths that lead out, and everything that is damaged;
    ///   ``KaggleArchive/Refused`` where there is no room; ``TransferFailure`` where a file is not the one that is listed
    ///   or locked.
    mutating func run() throws {
        feed.resume(journal.md5)
        for file in journal.files where file.sha256 != nil { note(file.path) }
        let format = try journal.format ?? FeedFormat(of: feed)
        self.format = format
        if format == .zip {
            let reader = try ZipFeedReader(feed)
            try requireRoom(reader.entries)
            for entry in reader.entries where entry.start >= journal.end {
                try feed.pass(to: entry.start)
                try take(entry.path, entry.size, end: entry.end) { body in try reader.read(entry, body) }
            }
        } else {
            var reader = try ArchiveReader(
                tarIn: feed, compression: format, from: journal.end, known: journal.files.map(\.path))
            while let entry = try reader.next() {
                // Files begin at multiples of 512 bytes; a size that reaches past every number is refused by what follows.
                let end = entry.offset.map { $0.saturated(adding: entry.size) }
                    .flatMap { $0 > Int.max - 511 ? nil : ($0 + 511) / 512 * 512 }
                try take(entry.path, entry.size, end: end) { body in try reader.read(body) }
            }
        }
    }

    /// Refuses a zip of which it is known before anything is loaded that there is no room for it.
    private func requireRoom(_ entries: [ZipFeedReader.Entry]) throws {
        var left = try Directory.freeBytes(at: directory)
        let all = left
        for entry in entries where entry.start >= journal.end && isWanted(entry.path) {
            guard entry.size <= left else { throw KaggleArchive.Refused.tooLarge(all) }
            left -= entry.size
        }
    }

    private func isWanted(_ path: RelativePath) -> Bool {
        wish.locked.map { $0[path] != nil } ?? wish.filter.accepts(path)
    }

    /// - Parameter end: where the archive goes on behind the file, if another run can begin there.
    private mutating func take(
        _ path: RelativePath, _ size: Int, end: Int?, _ read: ((Span<UInt8>) throws -> Void) throws -> Void
    ) throws {
        try cancellation.check()
        guard isWanted(path) else {
            journal.add(UnpackJournal.File(path: path, size: size, sha256: nil))
            return try checkpoint(end)
        }
        if let stated = wish.locked?[path]?.size ?? listed[path] ?? nil, stated != size {
            throw TransferFailure(
                .changed("the archive has \(size) bytes of it, and \(stated) are listed"), file: path.text)
        }
        guard !directories.contains(path), !path.ancestors.contains(where: files.contains) else {
            throw ArchiveError(.duplicate, feed.path, entry: path.text, "is a file and a directory")
        }
        note(path)
        let free = try Directory.freeBytes(at: directory)
        guard size <= free else { throw KaggleArchive.Refused.tooLarge(free) }
        let target = path.joined(to: directory)
        try Directory.make(Path.parent(target))
        let digest: SHA256Digest
        do {
            digest = try write(target, size, read)
        } catch {
            try? Directory.removeFile(target)
            throw error
        }
        let file = KaggleArchive.Unpacked(path: path, size: size, sha256: digest)
        try KaggleArchive.require(file, wish.locked?[path]?.sha256)
        journal.add(UnpackJournal.File(path: path, size: size, sha256: digest))
        try checkpoint(end)
    }

    private mutating func note(_ path: RelativePath) {
        files.insert(path)
        for ancestor in path.ancestors {
            guard directories.insert(ancestor).inserted else { return }
        }
    }

    private func write(
        _ target: String, _ size: Int, _ read: ((Span<UInt8>) throws -> Void) throws -> Void
    ) throws -> SHA256Digest {
        let file = try FileHandle.updating(target)
        try file.resize(0)
        var hasher = try ContentHasher()
        var written = 0
        var looked = -ArchiveUnpacker.step
        try read { bytes in
            if written - looked >= ArchiveUnpacker.step {
                looked = written
                // Where there is little room, what was unpacked goes at once, though another run may need it.
                if try Directory.freeBytes(at: directory) < size - written + ahead {
                    feed.giveBack(upTo: feed.md5.count)
                }
            }
            try cancellation.check()
            try hasher.update(bytes)
            try file.write(bytes)
            written += bytes.count
        }
        try file.synchronizeContent()
        return try hasher.finish().sha256
    }

    /// Writes down how far the archive is, if that is worth it, and gives back what nobody needs any more.
    private mutating func checkpoint(_ end: Int?) throws {
        guard let end, end - journal.end >= ArchiveUnpacker.interval, end <= feed.size else { return }
        try feed.pass(to: end)
        try journal.write(end: end, feed.md5, format)
        feed.giveBack(upTo: end)
    }
}
