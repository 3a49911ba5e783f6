import Glibc

/// Where libarchive's output goes: a file, through a buffer that gathers small pieces.
final class ArchiveSink {
    private let file: FileHandle
    private var buffer = Buffer(count: ArchiveSink.gathered)
    private var filled = 0
    private var written = 0
    /// The first write that failed; libarchive itself is only told that one did.
    private(set) var failure: FileError?

    /// Pieces smaller than this are gathered, which spares a system call for each header; content that
    /// comes in blocks goes to the kernel from where it is stored.
    private static let gathered = 1 << 16
    /// How much is written before the kernel is told to start on the disk.
    private static let writeback = 1 << 25
    private var started = 0

    /// Takes over an empty file.
    init(_ file: consuming FileHandle) { self.file = file }

    /// The path of the file, for messages.
    var path: String { file.path }

    /// Takes all of the bytes.
    /// - Returns: whether that worked; if not, ``failure`` states why.
    func take(_ bytes: Span<UInt8>) -> Bool {
        guard failure == nil else { return false }
        do {
            if bytes.count > buffer.count - filled { try flush() }
            if bytes.count >= buffer.count {
                try write(bytes)
            } else {
                buffer.copy(bytes, at: filled)
                filled += bytes.count
            }
            return true
        } catch {
            failure = error
            return false
        }
    }

    /// Waits until everything is on the disk.
    func synchronize() throws(FileError) {
        try flush()
        try file.synchronize()
    }

    private func flush() throws(FileError) {
        let count = filled
        filled = 0
        try buffer.withBytes(count) { (bytes) throws(FileError) in try write(bytes) }
    }

    private func write(_ bytes: Span<UInt8>) throws(FileError) {
        try file.write(bytes)
        written += bytes.count
        if written - started >= ArchiveSink.writeback {
            file.startWriteback(offset: started, count: written - started)
            started = written
        }
    }
}

extension Buffer {
    /// Copies bytes to `offset`; they must fit, which the caller has made sure of.
    fileprivate mutating func copy(_ bytes: Span<UInt8>, at offset: Int) {
        precondition(offset >= 0 && bytes.count <= count - offset)
        // SAFETY: the precondition keeps the copy inside of the buffer, which nobody else points into.
        unsafe bytes.withUnsafeBytes { source in
            guard let start = source.baseAddress else { return }
            unsafe (base + offset).copyMemory(from: start, byteCount: source.count)
        }
    }
}
