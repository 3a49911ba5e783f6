/// What the central directory of a zip archive states (PKWARE's APPNOTE 6.3, Zip64 included): its members and
/// where they are stored. PyTorch checkpoints and `.npz` files are zip archives.
///
/// The caller reads in steps: ``tail(fileSize:)``, ``locate(tail:fileSize:)``, ``parse(_:at:)``, and for a
/// member that is a plain range ``Member/localHeader`` and ``Member/content(localHeader:)``. Stricter
/// than most readers, because readers that disagree about an archive see other members in it: no bytes between
/// the records of the directory or behind them, one end record, no member twice or inside another; and only where
/// ``Rules`` take it, bytes in front of the archive.
///
/// Memory: the caller's bytes of tail and directory; a name is copied once, and a member takes about 250
/// bytes while it is checked, so that no file can cost more than some 200 MB with them.
package struct ZipCentralDirectory: Equatable, Sendable {
    /// Where the central directory is stored.
    package struct Location: Equatable, Sendable {
        /// In bytes from the start of the file; what ``ZipCentralDirectory/parse(_:at:)`` wants to see.
        package let bytes: Range<Int>
        /// The number of members.
        package let count: Int
        /// How far from its recorded place everything is: the bytes in front of the archive.
        let shift: Int
    }

    /// What is taken besides an archive that fills the whole file.
    package struct Rules: Sendable {
        /// Whether something may be in front of the archive, as in a program that unpacks itself.
        let allowsPrefix: Bool
        /// The most members.
        let maximumCount: Int

        /// A model's file: nothing in front, and at most 250,000 members.
        package static let wholeFile = Rules(allowsPrefix: false, maximumCount: 250_000)
        /// An archive of files: something may be in front, and the size of the directory bounds the members.
        package static let archive = Rules(allowsPrefix: true, maximumCount: maximumLength / entrySize)
    }

    /// One file in the archive.
    package struct Member: Equatable, Sendable {
        /// The path in the archive, unique by its UTF-8 bytes; any text, `../` too, so never a path to
        /// write to.
        package let name: String
        /// How the content is compressed: 0 is stored as it is, 8 deflated.
        package let method: UInt16
        /// The size in bytes that the content takes in the archive.
        package let compressedSize: Int
        /// The size in bytes of the content.
        package let size: Int
        /// The CRC-32 of the content, as the directory claims it.
        package let crc32: UInt32
        /// Where the local header starts, in bytes from the start of the file.
        package let headerStart: Int
        /// Where the next member or the directory starts: the bytes are before that.
        package let limit: Int
        /// The general purpose bits (APPNOTE 4.4.4).
        package let flags: UInt16
        /// The version of the format that reading it takes, times ten (APPNOTE 4.4.3).
        package let version: UInt16
        /// The mode that a Unix recorded, with the kind of the file; 0 where the archive is of another system.
        package let unixMode: UInt16

        /// Whether the content is encrypted.
        package var isEncrypted: Bool { flags & ZipCentralDirectory.encryptionFlags != 0 }
        /// Whether the content is in the archive as it is: neither compressed, encrypted nor a patch.
        package var isPlain: Bool { method == 0 && !isEncrypted && flags & 0x20 == 0 }
        /// What ``content(localHeader:)`` wants to see, in bytes from the start of the file.
        package var localHeader: Range<Int> {
            headerStart..<headerStart + ZipCentralDirectory.localHeaderSize + name.utf8.count
        }
    }

    /// The longest central directory in bytes that is allowed.
    package static let maximumLength = 64 << 20

    /// The members in the directory's order.
    package let members: [Member]

    /// The fixed sizes of records in bytes, without names, extra fields and comments.
    static let localHeaderSize = 30
    /// A record of the directory (APPNOTE 4.3.12).
    static let entrySize = 46
    /// The end record (APPNOTE 4.3.16).
    static let endSize = 22
    /// Zip64's end record, version 1 (APPNOTE 4.3.14).
    static let end64Size = 56
    /// Zip64's locator, which states where that is (APPNOTE 4.3.15).
    static let locator64Size = 20
    /// Bits of the flags that say encryption: of the content, strong, and of the directory.
    static let encryptionFlags: UInt16 = 0x2041

    /// The end of the file that ``locate(tail:fileSize:)`` wants to see, in bytes from the start of the
    /// file: at most 67 KB, for an end record with the longest comment and Zip64's records before it.
    /// - Parameter fileSize: the file's length in bytes.
    package static func tail(fileSize: Int) -> Range<Int> {
        let longest = endSize + Int(UInt16.max) + locator64Size + end64Size + 1024
        return max(0, fileSize - longest)..<max(0, fileSize)
    }

    /// Whether a file that starts with these bytes may be a zip archive with a member.
    /// - Parameter start: the first bytes of the file; 4 decide.
    package static func isZip(_ start: Span<UInt8>) -> Bool {
        start.count >= 4 && littleEndian(start, 0..<4) == 0x0403_4B50
    }

    /// Whether a file that starts with these bytes may be a zip archive, with members or without one: a tar archive may
    /// start with the name of a file that begins as zips do.
    package static func isZip(_ start: [UInt8]) -> Bool {
        isZip(start.span) || start.starts(with: [0x50, 0x4B, 5, 6])
    }
}
