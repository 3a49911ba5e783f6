package import Formats

/// A regular file in an archive.
package struct ArchiveEntry: Equatable, Sendable {
    /// Its path, byte for byte as in the archive but for "./" at its front.
    package let path: RelativePath
    /// The size of its content in bytes, as the archive states; the content is never given out longer.
    package let size: Int
    /// Where its content is in the archive's file, byte after byte as it is; `nil` where it is compressed
    /// or comes out of a pipe.
    package let offset: Int?
}

/// Reads an archive from front to back, in one pass, without writing anything anywhere.
///
/// What it gives out are regular files, no two of one path. Directories are passed over; a link, a device, a sparse file or any other thing is an error,
/// and so is everything that libarchive so much as warns of. After an error there is nothing more to read.
///
/// Memory is bounded whatever the archive states: a tar header with its extensions may have 4 MiB, a zip's
/// directory 64 MiB, all paths together 64 MiB, and a Zstandard window 128 MiB; with what libarchive makes
/// of them, less than 300 MiB. The content that comes out is bounded by the size of its entry, and of a tar that
/// is not compressed by the archive's own; whether it is a sensible size is the caller's to decide, before it
/// reads.
package struct ArchiveReader: ~Copyable {
    /// The most bytes of a tar that are between two files' contents.
    private static let headerLimit = 1 << 22

    private let source: ArchiveSource
    private let handle: ReadHandle
    /// The names in a zip's directory, and how many of its entries were read.
    private let names: [String]?
    private var count = 0
    private var entry: ArchiveEntry?
    private var isRead = false
    private var seen: Set<RelativePath> = []
    private var budget = PathBudget()
    /// Where in a feed the first byte is that libarchive got; `nil` where places mean nothing, or it is no feed.
    private let feedStart: Int?

    /// Opens an archive.
    ///
    /// - Parameters:
    ///   - path: a file; for tar a pipe will do. A link is followed.
    ///   - format: what it is taken for.
    package init(path: String, format: ArchiveFormat) throws(ArchiveError) {
        let file = try FileSource(reading: path)
        let names = format == .zip ? try ArchiveReader.names(inZip: file) : nil
        let source = format == .tarZstd ? try InflatingSource(file, .zstd) : file
        source.allowance = ArchiveReader.allowance(isZip: format == .zip)
        let handle = try ReadHandle.open(source, format == .zip ? .zip : .tar)
        self.names = names
        self.source = source
        self.handle = handle
        feedStart = nil
    }

    /// Opens an archive of whatever kind its first bytes state: zip, tar, or tar in a gzip or Zstandard stream.
    /// - Parameter path: a regular file.
    package init(sniffing path: String) throws(ArchiveError) {
        let file = try FileSource(reading: path)
        var start = Buffer(count: 4)
        let count = try file.read(into: &start, at: 0)
        let magic = start.withBytes(count) { bytes in bytes.indices.map { bytes[$0] } }
        let isZip = ZipCentralDirectory.isZip(magic)
        let names = isZip ? try ArchiveReader.names(inZip: file) : nil
        let source: ArchiveSource
        if magic.starts(with: [0x1F, 0x8B]) {
            source = try InflatingSource(file, .gzip)
        } else if magic == [0x28, 0xB5, 0x2F, 0xFD] {
            source = try InflatingSource(file, .zstd)
        } else {
            source = file
        }
        source.allowance = ArchiveReader.allowance(isZip: isZip)
        let handle = try ReadHandle.open(source, isZip ? .zip : .tar)
        self.names = names
        self.source = source
        self.handle = handle
        feedStart = nil
    }

    /// Reads a tar archive of which not all has to be there yet.
    ///
    /// - Parameters:
    ///   - start: where to begin: 0, or behind a file of an archive that is not compressed.
    ///   - known: the files before that, none of which may come again.
    package init(
        tarIn feed: any ArchiveFeed, compression: FeedFormat, from start: Int = 0, known: [RelativePath] = []
    ) throws(ArchiveError) {
        var (seen, budget) = (Set<RelativePath>(), PathBudget())
        for path in known {
            guard budget.take(path) else { throw ArchiveError(.tooLarge, feed.path, "has too many files") }
            seen.insert(path)
        }
        let bytes = FeedSource(feed, start..<max(start, feed.size))
        let source: ArchiveSource =
            switch compression {
            case .tarGzip: try InflatingSource(bytes, .gzip)
            case .tarZstd: try InflatingSource(bytes, .zstd)
            case .tar, .zip: bytes
            }
        source.allowance = ArchiveReader.allowance(isZip: false)
        let handle = try ReadHandle.open(source, .tar)
        names = nil
        self.source = source
        self.handle = handle
        feedStart = bytes === source ? start : nil
        self.seen = seen
        self.budget = budget
    }

    private static func names(inZip file: FileSource) throws(ArchiveError) -> [String] {
        guard let size = file.size else {
            throw ArchiveError(
                .unsupported, file.path, "a zip archive is read from its end, so it cannot come from a pipe")
        }
        let names = try ArchiveReader.names(inZip: file, size: size)
        guard !names.isEmpty else { throw ArchiveError(.damaged, file.path, "holds no files") }
        return names
    }

    /// Moves to the next file; what was not read of the one before it is passed over, and not checked.
    /// - Returns: the file, or `nil` at the archive's end.
    package mutating func next() throws(ArchiveError) -> ArchiveEntry? {
        while true {
            if let entry, !isRead { try handle.skip(entry: entry.path.text) }
            entry = nil
            source.allowance = ArchiveReader.allowance(isZip: names != nil)
            let header = try handle.next()
            source.allowance = nil
            guard let header else {
                guard count == names?.count ?? count else {
                    throw ArchiveError(.damaged, source.path, "lacks files that its directory names")
                }
                if names == nil {
                    guard handle.endMarkSize() >= 512 else {
                        throw ArchiveError(.damaged, source.path, "is cut off: it has no end mark")
                    }
                    // To other tools what follows could be the archive.
                    try source.finish(padding: handle.headerPosition())
                }
                return nil
            }
            let path = try path(of: header)
            count += 1
            guard let path, header.kind != .directory else { continue }
            try check(header, path)
            guard let size = header.size, size >= 0 else {
                throw ArchiveError(.unsupported, source.path, entry: path.text, "its size is not recorded")
            }
            let found = ArchiveEntry(path: path, size: size, offset: offset(of: header, size: size))
            entry = found
            isRead = false
            return found
        }
    }

    /// Reads the content of the file that ``next()`` moved to, once, and checks its size and, in a zip, its CRC-32.
    ///
    /// - Parameter body: receives the bytes, which are only lent, in order; an error of its own ends the
    ///   reading, after which ``next()`` works.
    /// - Throws: ``ArchiveError``, or whatever `body` throws.
    package mutating func read(_ body: (Span<UInt8>) throws -> Void) throws {
        guard let entry, !isRead else {
            throw ArchiveError(.usage, source.path, entry: entry?.path.text, "there is no file to read")
        }
        var position = 0
        func damaged(_ reason: String) -> ArchiveError {
            ArchiveError(.damaged, source.path, entry: entry.path.text, reason)
        }
        var isMore = true
        while isMore {
            isMore = try handle.withBlock(entry: entry.path.text) { bytes, offset in
                // Holes: whoever made them needed no bytes for them, and could have any number.
                guard bytes.isEmpty || offset == position else { throw damaged("its parts are not in order") }
                guard bytes.count <= entry.size - position else {
                    throw damaged("has more bytes than the \(entry.size) of its size")
                }
                if !bytes.isEmpty { try body(bytes) }
                position += bytes.count
            }
        }
        guard position == entry.size else {
            throw damaged("has \(position) bytes, not the \(entry.size) of its size")
        }
        isRead = true
    }

    /// Where the content of the entry that was just found begins in the archive's file.
    private func offset(of header: ReadHandle.Header, size: Int) -> Int? {
        if let feedStart { return feedStart + handle.position() }
        guard let file = source as? FileSource, let end = file.size,
            names == nil || header.format.hasSuffix("(uncompressed)")
        else { return nil }
        let position = handle.position()
        return position <= end && size <= end - position ? position : nil
    }

    /// The bytes that libarchive may read for one header; for the first one of a zip that is its directory.
    private static func allowance(isZip: Bool) -> Int {
        isZip ? ZipCentralDirectory.maximumLength + 2 * FileReader.blockSize : headerLimit
    }

    /// The entry's path without "./" in front and without a directory's "/" at the end; `nil` for the directory that
    /// the paths are seen from.
    private func path(of header: ReadHandle.Header) throws(ArchiveError) -> RelativePath? {
        let read = header.name.map { String(validating: $0, as: UTF8.self) }
        guard case .some(.some(var path)) = read else {
            let shown = header.name.map { String(decoding: $0, as: UTF8.self) }
            throw ArchiveError(
                .path, source.path, entry: shown, shown == nil ? "has no path" : "the path is not valid UTF-8"
            )
        }
        if let names {
            // Equal as text: libarchive may have composed accents. That the own header has the bytes of the directory
            // was looked at when the archive was opened.
            guard count < names.count, names[count] == path else {
                throw ArchiveError(
                    .damaged, source.path, entry: path, "is called something else in the archive's directory")
            }
            path = names[count]
        }
        // Cut by bytes: to Swift a "/" and an accent that follows it are one character.
        var rest = path.utf8[...]
        while rest.starts(with: "./".utf8) { rest = rest.dropFirst(2) }
        path = String(Substring(rest))
        if header.kind == .directory {
            if path.utf8.last == UInt8(ascii: "/") { path = String(Substring(path.utf8.dropLast())) }
            if path.isEmpty || path == "." { return nil }
        }
        guard let checked = RelativePath(path) else {
            let problem = RelativePath.problem(path) ?? "is refused"
            throw ArchiveError(.path, source.path, entry: path, "the path \(problem)")
        }
        return checked
    }

    /// Refuses what is not a plain file, what comes twice, and what cannot be decoded.
    private mutating func check(_ header: ReadHandle.Header, _ path: RelativePath) throws(ArchiveError) {
        func refused(_ code: ArchiveError.Code, _ reason: String) -> ArchiveError {
            ArchiveError(code, source.path, entry: path.text, reason)
        }
        switch header.kind {
        case .file, .directory: break
        case .hardLink: throw refused(.notAFile, "is a hard link, and only files are read")
        case .symbolicLink: throw refused(.notAFile, "is a symbolic link, and only files are read")
        case .other: throw refused(.notAFile, "is a device or the like, and only files are read")
        }
        if header.isEncrypted { throw refused(.unsupported, "is encrypted") }
        if header.isSparse {
            throw refused(.unsupported, "is sparse: its holes are not in the archive, however long they are")
        }
        // libarchive knows more methods, of which some take gigabytes of memory when an archive states it.
        if names != nil, !header.format.hasSuffix("(uncompressed)"), !header.format.hasSuffix("(deflation)") {
            throw refused(.unsupported, "is compressed by another method than deflate: \(header.format)")
        }
        guard budget.take(path) else { throw ArchiveError(.tooLarge, source.path, "has too many files") }
        guard seen.insert(path).inserted else {
            throw refused(.duplicate, "is in the archive twice")
        }
    }
}
