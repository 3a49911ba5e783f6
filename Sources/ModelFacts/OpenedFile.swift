import Storage

/// A file that was opened once to be looked into: whoever asks for its start or for a part of it shares the handle, and a
/// small file is read as a whole at once.
final class OpenedFile {
    /// Up to this size in bytes a file is read as a whole, because whoever looks into it reads most of it.
    static let smallSize = 64 << 10
    /// How much of the start of a longer file is kept, in bytes.
    private static let startLength = ModelFormat.headLength

    /// What the kernel stated when it was opened.
    let status: FileStatus
    private let handle: FileHandle
    private let openedAt: Int64
    private let start: [UInt8]

    /// Opens a file, and reads its start.
    init(_ location: String) throws(FileError) {
        openedAt = currentTime()
        let handle = try FileHandle.reading(location)
        let status = try handle.status()
        let length = status.size <= Self.smallSize ? status.size : Self.startLength
        start = try handle.bytes(0..<length)
        self.status = status
        self.handle = handle
    }

    /// The bytes of a range, or fewer where the file ends in it.
    func bytes(_ range: Range<Int>) throws(FileError) -> [UInt8] {
        guard range.upperBound > start.count, start.count < status.size else { return start.within(range) }
        return try handle.bytes(range)
    }

    /// The whole; `nil` where the file changed while it was read.
    func content() throws(FileError) -> FileContent? {
        let bytes = start.count < status.size ? start + (try handle.bytes(start.count..<status.size)) : start
        guard bytes.count == status.size, try handle.status() == status else { return nil }
        return FileContent(bytes: bytes, status: status, readAt: openedAt)
    }
}

extension [UInt8] {
    /// The bytes of a range, or fewer where they end in it.
    func within(_ range: Range<Int>) -> [UInt8] {
        if range == indices { return self }
        return Array(self[Swift.min(range.lowerBound, count)..<Swift.min(range.upperBound, count)])
    }
}
