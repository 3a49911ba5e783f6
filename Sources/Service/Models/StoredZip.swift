import Catalogue
import Formats
import Storage

/// A zip archive of files that are stored as they are (APPNOTE 6.3.9), whose every byte is known before any file is read: the
/// same files give the same archive. Sizes are written in 64 bits throughout.
struct StoredZip {
    /// What comes before each file.
    let heads: [[UInt8]]
    /// What comes after the last one.
    let end: [UInt8]

    /// Puts an archive together.
    init(_ files: [StoredFile]) {
        var heads: [[UInt8]] = []
        var directory: [UInt8] = []
        var position = 0
        for file in files {
            let head = StoredZip.localHeader(file)
            directory += StoredZip.record(file, at: position)
            heads.append(head)
            position = position.saturated(adding: head.count).saturated(adding: file.content.size)
        }
        self.heads = heads
        end = directory + StoredZip.ending(files.count, directory: directory.count, at: position)
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
