import Formats

/// The bytes of an archive of which not all have to be there yet.
package protocol ArchiveFeed: AnyObject {
    /// The path of the archive, for errors.
    var path: String { get }

    /// The size of the whole archive in bytes.
    var size: Int { get }

    /// Reads bytes from an offset on, and waits until there are some.
    ///
    /// - Parameter limit: the most bytes that are read.
    /// - Returns: how many there are in the buffer; 0 at the end of the archive alone.
    func read(into buffer: inout Buffer, at offset: Int, limit: Int) throws(ArchiveError) -> Int
}

extension ArchiveFeed {
    /// The bytes of a range, which has to be in the archive.
    func bytes(_ range: Range<Int>) throws(ArchiveError) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = Buffer(count: min(range.count, FileReader.blockSize))
        while bytes.count < range.count {
            let count = try read(
                into: &buffer, at: range.lowerBound + bytes.count, limit: range.count - bytes.count)
            guard count > 0 else { throw ArchiveError(.damaged, path, "is cut off") }
            buffer.withBytes(count) { span in
                // SAFETY: the bytes are only read, while they are lent.
                unsafe span.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
            }
        }
        return bytes
    }
}

/// What kind of archive a feed has.
package enum FeedFormat: String, Sendable {
    /// A tar archive, as it is.
    case tar
    /// A tar archive in a gzip stream.
    case tarGzip
    /// A tar archive in a Zstandard stream.
    case tarZstd
    /// A zip archive.
    case zip

    /// What the first bytes state.
    package init(of feed: any ArchiveFeed) throws(ArchiveError) {
        let magic = try feed.bytes(0..<min(4, feed.size))
        if ZipCentralDirectory.isZip(magic) {
            self = .zip
        } else if magic.starts(with: [0x1F, 0x8B]) {
            self = .tarGzip
        } else if magic == [0x28, 0xB5, 0x2F, 0xFD] {
            self = .tarZstd
        } else {
            self = .tar
        }
    }
}
