import Catalogue
import Formats
import Storage

/// A zip archive of files that are stored as they are (APPNOTE 6.3.9), whose every byte is known before any file is read: the
/// same version gives the same archive, and each part of it can be had. Sizes are written in 64 bits throughout.
struct StoredZip: Sendable {
    /// A file of the archive.
    struct Member: Sendable {
        /// Its name and what is stated of its content.
        let file: StoredFile
        /// Where the content is.
        let location: String
        /// What the file at that place was when its content was hashed.
        let status: FileStatus
    }

    private let members: [Member]
    private let heads: [[UInt8]]
    private let end: [UInt8]

    /// The bytes of the whole archive.
    let size: Int

    /// Puts an archive together.
    /// - Returns: `nil` where its size is no number of 63 bits.
    init?(_ members: [Member]) {
        self.members = members
        var heads: [[UInt8]] = []
        var directory: [UInt8] = []
        var position = 0
        for member in members {
            let head = StoredZip.localHeader(member.file)
            directory += StoredZip.record(member.file, at: position)
            heads.append(head)
            position = position.saturated(adding: head.count).saturated(adding: member.file.content.size)
        }
        self.heads = heads
        end = directory + StoredZip.ending(members.count, directory: directory.count, at: position)
        size = position.saturated(adding: end.count)
        guard size < .max else { return nil }
    }

    /// What names the archive's bytes, with quotation marks: the hash of all that is not a file, and of the files' hashes.
    var tag: String? {
        guard var hasher = try? ContentHasher() else { return nil }
        do throws(HashingFailure) {
            for (member, head) in zip(members, heads) {
                try hasher.update(head.span)
                try hasher.update(member.file.content.sha256.bytes.span)
            }
            try hasher.update(end.span)
            return "\"\(try hasher.finish().sha256)\""
        } catch {
            return nil
        }
    }

    /// Writes a part of the archive; throws where a file is not what it was, or the client is gone.
    func write(_ range: Range<Int>, to sink: any BodySink) throws {
        var position = 0
        /// The part of the next piece that is wanted.
        func wanted(_ count: Int) -> Range<Int> {
            let first = min(max(range.lowerBound - position, 0), count)
            let last = min(max(range.upperBound - position, first), count)
            position += count
            return first..<last
        }
        for (member, head) in zip(members, heads) {
            let part = wanted(head.count)
            if !part.isEmpty { try sink.write(head.span.extracting(part)) }
            let content = wanted(member.file.content.size)
            if !content.isEmpty {
                guard let served = ServedContent(path: member.location, proved: member.status) else {
                    throw ReadFailure.changed(path: member.file.path.text)
                }
                try sink.send(content, of: served)
            }
            if position >= range.upperBound { return }
        }
        let part = wanted(end.count)
        if !part.isEmpty { try sink.write(end.span.extracting(part)) }
    }

    private static func bytes(_ value: UInt64, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
    }

    /// Version 4.5 for 64 bits, names in UTF-8, stored, 1980-01-01.
    private static let common = bytes(45, 2) + bytes(0x0800, 2) + bytes(0, 2) + bytes(0, 2) + bytes(0x21, 2)

    private static func localHeader(_ file: StoredFile) -> [UInt8] {
        let name = Array(file.path.text.utf8)
        let size = bytes(UInt64(file.content.size), 8)
        return bytes(0x0403_4B50, 4) + common + bytes(UInt64(file.content.crc32), 4)
            + bytes(0xFFFF_FFFF, 4) + bytes(0xFFFF_FFFF, 4) + bytes(UInt64(name.count), 2) + bytes(20, 2)
            + name
            + bytes(1, 2) + bytes(16, 2) + size + size
    }

    private static func record(_ file: StoredFile, at position: Int) -> [UInt8] {
        let name = Array(file.path.text.utf8)
        let size = bytes(UInt64(file.content.size), 8)
        var record = bytes(0x0201_4B50, 4) + bytes(0x032D, 2) + common + bytes(UInt64(file.content.crc32), 4)
        record += bytes(0xFFFF_FFFF, 4) + bytes(0xFFFF_FFFF, 4) + bytes(UInt64(name.count), 2) + bytes(28, 2)
        // No comment, the first disk, a regular file with mode 0644.
        record += bytes(0, 2) + bytes(0, 2) + bytes(0, 2) + bytes(0o100644 << 16, 4) + bytes(0xFFFF_FFFF, 4)
        return record + name + bytes(1, 2) + bytes(24, 2) + size + size + bytes(UInt64(position), 8)
    }

    private static func ending(_ count: Int, directory: Int, at position: Int) -> [UInt8] {
        let number = bytes(UInt64(count), 8)
        var end =
            bytes(0x0606_4B50, 4) + bytes(44, 8) + bytes(0x032D, 2) + bytes(45, 2) + bytes(0, 4) + bytes(0, 4)
        end += number + number + bytes(UInt64(directory), 8) + bytes(UInt64(position), 8)
        end +=
            bytes(0x0706_4B50, 4) + bytes(0, 4) + bytes(UInt64(position) &+ UInt64(directory), 8)
            + bytes(1, 4)
        return end + bytes(0x0605_4B50, 4) + bytes(0, 4) + bytes(0xFFFF, 2) + bytes(0xFFFF, 2)
            + bytes(0xFFFF_FFFF, 4) + bytes(0xFFFF_FFFF, 4) + bytes(0, 2)
    }
}
