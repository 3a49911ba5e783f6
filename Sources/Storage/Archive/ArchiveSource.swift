import Glibc

/// Where libarchive's input comes from, block by block.
///
/// It counts what is handed over: libarchive keeps tables in memory while it reads a header, and an archive
/// could make them as large as it likes.
@safe class ArchiveSource {
    /// The path of the archive.
    let path: String
    /// Why the source itself stopped; libarchive is only told that it did.
    fileprivate(set) var failure: ArchiveError?
    /// How many more bytes may be handed over, or `nil` for any number.
    var allowance: Int?
    /// Where the next block begins, in bytes from the start.
    private var position = 0
    /// The end of the last byte handed over that is not zero, in bytes from the start.
    private var endOfContent = 0

    fileprivate init(path: String) { self.path = path }

    /// The next block, valid until the next call; empty at the end.
    fileprivate func read() throws(ArchiveError) -> UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(start: nil, count: 0)
    }

    /// Moves to `offset`, as lseek(2) takes it with `whence`.
    /// - Returns: the position from the start in bytes.
    fileprivate func move(to offset: Int, from whence: Int32) throws(ArchiveError) -> Int {
        throw ArchiveError(.unsupported, path, "cannot be read out of order")
    }

    /// Whether libarchive may ask for another place than the next.
    var canMove: Bool { false }

    /// The next block for libarchive, or `nil` where ``failure`` was set.
    final func block() -> UnsafeRawBufferPointer? {
        do throws(ArchiveError) {
            let bytes = unsafe try read()
            if let left = allowance {
                guard bytes.count <= left else {
                    throw ArchiveError(.tooLarge, path, "a header or table in it is larger than is allowed")
                }
                allowance = left - bytes.count
            }
            var end = bytes.count
            while end >= 8, unsafe bytes.loadUnaligned(fromByteOffset: end - 8, as: UInt64.self) == 0 {
                end -= 8
            }
            while end > 0, unsafe bytes[end - 1] == 0 { end -= 1 }
            if end > 0 { endOfContent = position + end }
            position += bytes.count
            return unsafe bytes
        } catch {
            failure = error
            return nil
        }
    }

    /// The new position for libarchive, or `nil` where ``failure`` was set.
    final func position(movedTo offset: Int, from whence: Int32) -> Int? {
        do throws(ArchiveError) {
            position = try move(to: offset, from: whence)
            return position
        } catch {
            failure = error
            return nil
        }
    }

    /// Reads on to the end, which a tar's padding may put off: some tools write whole tapes' blocks.
    ///
    /// - Parameter start: from where on all bytes have to be zero; from the start of the archive.
    func finish(padding start: Int) throws(ArchiveError) {
        let limit = position + ArchiveSource.paddingLimit
        while endOfContent <= start, position <= limit {
            guard let block = unsafe block() else { break }
            if unsafe block.isEmpty { return }
        }
        if let failure { throw failure }
        throw ArchiveError(
            .damaged, path,
            endOfContent > start
                ? "something follows its end mark at byte \(start)"
                : "more than \(ArchiveSource.paddingLimit) zeros follow its end mark at byte \(start)")
    }

    /// The most zeros that are read behind an end mark: GNU tar's records have 10,240 bytes where nobody
    /// asks for more.
    private static let paddingLimit = 1 << 24
}

/// A file, or a pipe, as it is.
final class FileSource: ArchiveSource {
    private let file: FileHandle
    private var buffer = Buffer(count: FileReader.blockSize)
    /// The size of a regular file, `nil` of a pipe.
    let size: Int?

    /// Opens a file or a pipe; throws if it cannot be opened.
    init(reading path: String) throws(ArchiveError) {
        do {
            file = try FileHandle.streaming(path)
            let status = try file.status()
            size = status.kind == .file ? status.size : nil
        } catch {
            throw ArchiveError(error)
        }
        file.willReadSequentially()
        super.init(path: path)
    }

    override var canMove: Bool { size != nil }

    /// Up to `buffer.count` bytes from `offset`, for a regular file.
    func read(into buffer: inout Buffer, at offset: Int) throws(ArchiveError) -> Int {
        do {
            return try file.read(into: &buffer, at: offset)
        } catch {
            throw ArchiveError(error)
        }
    }

    override fileprivate func read() throws(ArchiveError) -> UnsafeRawBufferPointer {
        do {
            let count = try file.read(into: &buffer)
            // SAFETY: the buffer is this object's and is written only by the next call.
            return unsafe UnsafeRawBufferPointer(start: buffer.base, count: count)
        } catch {
            throw ArchiveError(error)
        }
    }

    override fileprivate func move(to offset: Int, from whence: Int32) throws(ArchiveError) -> Int {
        guard let size else { return try super.move(to: offset, from: whence) }
        let position = lseek(file.descriptor, offset, whence)
        // lseek(2) goes past the end without an error; libarchive would then take an archive that is cut
        // off inside an entry that is skipped for one that ends there.
        guard position >= 0, position <= size else {
            throw ArchiveError(.damaged, path, "is cut off, or points outside of itself")
        }
        return position
    }
}

/// What comes of a feed from a place on, between bytes that are given before and behind it.
final class FeedSource: ArchiveSource {
    private let feed: any ArchiveFeed
    private var buffer = Buffer(count: FileReader.blockSize)
    private var next: Int
    private let end: Int
    private var head: [UInt8]
    private var isHeadGiven: Bool

    /// - Parameters:
    ///   - range: the bytes of the feed that are given.
    ///   - head: is given before them.
    init(_ feed: any ArchiveFeed, _ range: Range<Int>, head: [UInt8] = []) {
        self.feed = feed
        next = range.lowerBound
        end = range.upperBound
        self.head = head
        isHeadGiven = head.isEmpty
        super.init(path: feed.path)
    }

    override fileprivate func read() throws(ArchiveError) -> UnsafeRawBufferPointer {
        guard isHeadGiven else {
            isHeadGiven = true
            buffer.store(head[...], at: 0)
            return unsafe UnsafeRawBufferPointer(start: buffer.base, count: min(head.count, buffer.count))
        }
        let count = min(try feed.read(into: &buffer, at: next, limit: end - next), end - next)
        next += count
        // SAFETY: the buffer is this object's and is written only by the next call.
        return unsafe UnsafeRawBufferPointer(start: buffer.base, count: count)
    }
}

/// What comes out of a Zstandard or gzip stream.
///
/// The stream is decompressed by a libarchive handle of its own, so that the bytes that a tar header takes
/// are counted as they come out: a kilobyte of Zstandard can hold gigabytes of them.
final class InflatingSource: ArchiveSource {
    private let handle: ReadHandle

    /// Opens the stream that starts where the source is; throws if it is not of that kind, or holds nothing.
    init(_ source: ArchiveSource, _ content: ReadHandle.Content) throws(ArchiveError) {
        handle = try ReadHandle.open(source, content)
        guard try handle.next() != nil else { throw ArchiveError(.damaged, source.path, "holds nothing") }
        super.init(path: source.path)
    }

    override fileprivate func read() throws(ArchiveError) -> UnsafeRawBufferPointer {
        guard let block = unsafe try handle.block() else {
            return unsafe UnsafeRawBufferPointer(start: nil, count: 0)
        }
        return unsafe block.bytes
    }
}
