package import Formats

/// Reads a zip archive of which not all has to be there yet: its directory, which is at its end, and then the files in the
/// order in which they are in it.
///
/// Without the directory a zip cannot be read safely from its front: a file that is stored and whose size follows it has
/// no end that could not be in its content as well, and what the headers name may be another archive than the directory's.
/// So the feed is asked for its end first. What is refused is what ``ArchiveReader`` refuses.
package struct ZipFeedReader {
    /// A file of the archive.
    package struct Entry: Equatable, Sendable {
        /// Its path.
        package let path: RelativePath
        /// The size of its content in bytes, as the directory states it.
        package var size: Int { member.size }
        /// Where its header begins in the archive.
        package var start: Int { member.headerStart }
        /// Where everything of it ends: the next file, or the directory.
        package var end: Int { member.limit }
        fileprivate let member: ZipCentralDirectory.Member
    }

    private let feed: any ArchiveFeed
    /// The files in their order in the archive.
    package let entries: [Entry]

    /// Asks for the directory, and judges it.
    package init(_ feed: any ArchiveFeed) throws(ArchiveError) {
        self.feed = feed
        let range = ZipCentralDirectory.tail(fileSize: feed.size)
        let tail = try feed.bytes(range)
        let location = try ZipFeedReader.checked(feed) { () throws(ZipError) in
            try ZipCentralDirectory.locate(tail: tail.span, fileSize: feed.size, rules: .archive)
        }
        let records = try feed.bytes(location.bytes)
        let directory = try ZipFeedReader.checked(feed) { () throws(ZipError) in
            try ZipCentralDirectory.parse(records.span, at: location)
        }
        var entries: [Entry] = []
        var seen: Set<RelativePath> = []
        var budget = PathBudget()
        for member in directory.members.sorted(by: { $0.headerStart < $1.headerStart }) {
            guard let path = try ZipFeedReader.path(of: member, feed.path) else { continue }
            func refused(_ code: ArchiveError.Code, _ reason: String) -> ArchiveError {
                ArchiveError(code, feed.path, entry: path.text, reason)
            }
            if let reason = member.reasonToRefuse { throw refused(.unsupported, reason) }
            guard [0, 8].contains(member.method) else {
                throw refused(.unsupported, "is compressed by another method than deflate")
            }
            guard budget.take(path) else { throw ArchiveError(.tooLarge, feed.path, "has too many files") }
            guard seen.insert(path).inserted else { throw refused(.duplicate, "is in the archive twice") }
            entries.append(Entry(path: path, member: member))
        }
        guard !directory.members.isEmpty else { throw ArchiveError(.damaged, feed.path, "holds no files") }
        self.entries = entries
    }

    /// Reads the content of a file, and checks its size and its CRC-32.
    ///
    /// - Parameter body: receives the bytes, which are only lent, in order.
    /// - Throws: ``ArchiveError``, or whatever `body` throws.
    package func read(_ entry: Entry, _ body: (Span<UInt8>) throws -> Void) throws {
        let member = entry.member
        let content = try content(of: member)
        // Empty, there is nothing that libarchive could read.
        guard member.size > 0 else {
            guard member.compressedSize <= 2, member.crc32 == 0 else {
                throw ArchiveError(.damaged, feed.path, entry: entry.path.text, "has content, and no size")
            }
            return
        }
        let source = FeedSource(feed, content, head: ZipFeedReader.header(for: member))
        let handle = try ReadHandle.open(source, .zipMember)
        guard try handle.next() != nil else {
            throw ArchiveError(.damaged, feed.path, entry: entry.path.text, "has no content")
        }
        var position = 0
        var isMore = true
        while isMore {
            isMore = try handle.withBlock(entry: entry.path.text) { bytes, _ in
                guard bytes.count <= member.size - position else {
                    throw ArchiveError(
                        .damaged, feed.path, entry: entry.path.text,
                        "has more bytes than the \(member.size) of its size")
                }
                if !bytes.isEmpty { try body(bytes) }
                position += bytes.count
            }
        }
        guard position == member.size else {
            throw ArchiveError(
                .damaged, feed.path, entry: entry.path.text,
                "has \(position) bytes, not the \(member.size) of its size")
        }
    }

    /// Where the content is, by the file's own header, which has to agree with the directory.
    private func content(of member: ZipCentralDirectory.Member) throws(ArchiveError) -> Range<Int> {
        let header = try feed.bytes(member.localHeader)
        func damaged(_ reason: String) -> ArchiveError {
            ArchiveError(.damaged, feed.path, entry: member.name, reason)
        }
        let content: Range<Int>
        do throws(FormatError) {
            content = try member.content(localHeader: header.span)
        } catch { throw damaged(error.description) }
        let own = UInt16(truncatingIfNeeded: littleEndian(header.span, 6..<8))
        guard (own ^ member.flags) & 0x0808 == 0 else {
            throw damaged("its header at byte \(member.headerStart) differs from the archive's directory")
        }
        return content
    }

    /// A header that states what the directory states (APPNOTE 4.3.7), for libarchive: so that neither what follows the
    /// content nor a name decides anything.
    private static func header(for member: ZipCentralDirectory.Member) -> [UInt8] {
        func bytes(_ value: Int, _ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        }
        let name = Array("content".utf8)
        let isLong = max(member.size, member.compressedSize) >= 0xFFFF_FFFF
        let extra =
            isLong ? bytes(1, 2) + bytes(16, 2) + bytes(member.size, 8) + bytes(member.compressedSize, 8) : []
        return bytes(0x0403_4B50, 4) + bytes(isLong ? 45 : 20, 2) + bytes(0, 2) + bytes(Int(member.method), 2)
            + bytes(0, 4) + bytes(Int(member.crc32), 4)
            + bytes(isLong ? 0xFFFF_FFFF : member.compressedSize, 4)
            + bytes(isLong ? 0xFFFF_FFFF : member.size, 4) + bytes(name.count, 2) + bytes(extra.count, 2)
            + name
            + extra
    }

    /// The path of a file; `nil` for a directory.
    private static func path(
        of member: ZipCentralDirectory.Member, _ archive: String
    ) throws(ArchiveError) -> RelativePath? {
        var rest = member.name.utf8[...]
        while rest.starts(with: "./".utf8) { rest = rest.dropFirst(2) }
        let isDirectory = rest.isEmpty || rest.last == UInt8(ascii: "/")
        if isDirectory, rest.last == UInt8(ascii: "/") { rest = rest.dropLast() }
        if isDirectory, rest.isEmpty { return nil }
        let text = String(Substring(rest))
        guard let path = RelativePath(text) else {
            let problem = RelativePath.problem(text) ?? "is refused"
            throw ArchiveError(.path, archive, entry: member.name, "the path \(problem)")
        }
        switch member.unixMode & 0o170000 {
        case 0, 0o100000: break
        case 0o040000: return nil
        case 0o120000:
            throw ArchiveError(
                .notAFile, archive, entry: path.text, "is a symbolic link, and only files are read")
        default:
            throw ArchiveError(
                .notAFile, archive, entry: path.text, "is a device or the like, and only files are read")
        }
        return isDirectory ? nil : path
    }

    private static func checked<Result>(
        _ feed: any ArchiveFeed, _ parse: () throws(ZipError) -> Result
    ) throws(ArchiveError) -> Result {
        do throws(ZipError) { return try parse() } catch { throw ArchiveError(error, feed.path) }
    }
}
