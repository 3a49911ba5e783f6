import Formats
import Storage

/// What is written beside a blob that is not whole: which content it will be, and which bytes of it are there.
///
/// A text: the first line is JSON with the blob's name and size, every other line is a block: offset, length and
/// ``BlockChecksum``. Lines are only appended; the end of a journal that a killed process left counts up to its last whole
/// line.
struct Journal: Equatable, Sendable {
    /// One block of bytes that was received and written.
    struct Block: Equatable, Sendable {
        /// Where it is in the file.
        let range: Range<Int>
        /// The ``BlockChecksum`` of its bytes.
        let checksum: UInt64

        /// Takes a block.
        init(range: Range<Int>, checksum: UInt64) {
            self.range = range
            self.checksum = checksum
        }

        /// The block's line, with its line break.
        var line: String {
            "\(range.lowerBound) \(range.count) \(String(checksum, radix: 16))\n"
        }
    }

    /// The blob's name: its etag.
    let name: String
    /// The size of the whole blob, in bytes.
    let size: Int
    /// The blocks in the order in which they were written. Later ones may cover earlier ones.
    let blocks: [Block]

    /// The version of the format; any other is not read.
    static let version = 1

    /// The first line, with its line break.
    static func header(_ identity: BlobIdentity) -> String {
        let header: JSON = [
            "journal": .integer(version), "blob": .string(identity.name), "size": .integer(identity.size),
        ]
        return header.compactText + "\n"
    }

    /// The largest journal that is read, in bytes: that of a blob of a terabyte, twice over.
    private static let limit = 1 << 28

    /// The journal in a file; `nil` if there is none, or one of other content.
    static func read(_ path: String, of identity: BlobIdentity) -> Journal? {
        guard let journal = read(path, size: identity.size), journal.name.hasSameBytes(as: identity.name)
        else { return nil }
        return journal
    }

    /// The journal in a file, of whatever content has this size.
    static func read(_ path: String, size: Int) -> Journal? {
        guard let bytes = try? FileReader.contents(of: path, limit: limit), let journal = Journal(bytes),
            journal.size == size
        else { return nil }
        return journal
    }

    /// Reads a journal.
    /// - Returns: `nil` for everything that is none, or of another version: nothing is known then.
    init?(_ bytes: [UInt8]) {
        // What follows the last line break was not written to its end.
        guard let end = bytes.lastIndex(of: UInt8(ascii: "\n")) else { return nil }
        var lines = bytes[..<end].split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)[...]
        guard let first = lines.popFirst(), let header = try? JSON.parse(Array(first)),
            header["journal"] == .integer(Journal.version), let name = header["blob"]?.string,
            let size = header["size"]?.integer, size >= 0
        else { return nil }
        var blocks: [Block] = []
        for line in lines {
            // After a loss of power anything may follow: what is before it holds.
            guard let block = Journal.block(line, size: size) else { break }
            blocks.append(block)
        }
        self.name = name
        self.size = size
        self.blocks = blocks
    }

    private static func block(_ line: ArraySlice<UInt8>, size: Int) -> Block? {
        let parts = line.split(separator: 0x20, omittingEmptySubsequences: false)
        guard parts.count == 3, let offset = Digits.value(String(decoding: parts[0], as: UTF8.self)),
            let count = Digits.value(String(decoding: parts[1], as: UTF8.self)), count > 0, offset <= size,
            count <= size - offset, let sum = UInt64(String(decoding: parts[2], as: UTF8.self), radix: 16)
        else { return nil }
        return Block(range: offset..<offset + count, checksum: sum)
    }
}
