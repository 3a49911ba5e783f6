import Glibc

/// An open file or directory that closes itself; reads and writes retry when a signal interrupts them.
package struct FileHandle: ~Copyable, Sendable {
    /// The number by which the kernel knows the open file.
    package let descriptor: Int32
    /// The path that the file was opened by, for messages.
    package let path: String

    /// Takes an open descriptor over.
    package init(descriptor: Int32, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit { close(descriptor) }

    /// Opens a regular file to read it. A link at the end of the path is refused (`ELOOP`), so whoever
    /// may follow links resolves them first; opening a pipe or a device is refused too (`EINVAL`).
    package static func reading(_ path: String) throws(FileError) -> FileHandle {
        // O_NONBLOCK: a pipe put in place of a file must not make the open wait for a writer.
        let handle = try open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
        let kind = try handle.status().kind
        if let obstacle = Obstacle(kind) { throw FileError("read", path, obstacle) }
        return handle
    }

    /// Opens what is there to read it from front to back: a link is followed, and of a pipe whoever writes into it may
    /// be slow, but has to be there within ten seconds.
    package static func streaming(_ path: String) throws(FileError) -> FileHandle {
        let handle = try open(path, O_RDONLY | O_NONBLOCK)
        guard try handle.status().kind != .directory else { throw FileError("read", path, .directory) }
        guard try handle.hasContentToCome() else {
            throw FileError(
                "read", path, code: EAGAIN, .special, reason: "it is a pipe that nobody writes into")
        }
        try handle.waitForContent()
        return handle
    }

    /// Makes a new file to write; an existing one of that name is an error (`EEXIST`).
    /// - Parameter mode: the permission bits, of which the process's umask takes some away.
    package static func creating(_ path: String, mode: UInt32 = 0o644) throws(FileError) -> FileHandle {
        try open(path, O_WRONLY | O_CREAT | O_EXCL, mode)
    }

    /// Opens a file to write behind its end; one that is missing is made. A pipe that nobody reads from is an error.
    package static func appending(_ path: String) throws(FileError) -> FileHandle {
        let handle = try open(path, O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK, 0o644)
        try handle.waitForContent()
        return handle
    }

    /// Another handle of the same open file: the lock of one is the lock of both, and ends with the last.
    package borrowing func duplicate() throws(FileError) -> FileHandle {
        let other = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard other >= 0 else { throw FileError("open", path) }
        return FileHandle(descriptor: other, path: path)
    }

    /// Opens a directory, for ``synchronize()`` and ``lockExclusively()``.
    package static func directory(_ path: String) throws(FileError) -> FileHandle {
        try open(path, O_RDONLY | O_DIRECTORY)
    }

    private static func open(
        _ path: String, _ flags: Int32, _ mode: UInt32 = 0
    ) throws(FileError) -> FileHandle {
        // A NUL would end the path early and open another file than the one meant.
        guard !path.utf8.contains(0) else { throw FileError("open", path, code: EINVAL) }
        while true {
            let descriptor = unsafe Glibc.open(path, flags | O_CLOEXEC, mode)
            if descriptor >= 0 { return FileHandle(descriptor: descriptor, path: path) }
            switch errno {
            case EINTR: continue
            // A socket has a name, and nothing that could be opened; a pipe can be opened to write once somebody reads.
            case ENXIO: throw FileError("open", path, .special)
            case ELOOP where flags & O_NOFOLLOW != 0: throw FileError("open", path, .link)
            case ELOOP: throw FileError("open", path, .circle)
            default: throw FileError("open", path)
            }
        }
    }

    /// What the kernel states of the open file.
    package func status() throws(FileError) -> FileStatus {
        try FileStatus.status(of: descriptor, path: path)
    }

    /// Tells the kernel that the file will be read once from front to back.
    package func willReadSequentially() {
        // Advice only: a file system that does not take it works all the same.
        _ = posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL)
    }

    /// Reads up to `buffer.count` bytes from the file's position and moves it on.
    /// - Returns: the number of bytes read, 0 at the end of the file.
    package func read(into buffer: inout Buffer) throws(FileError) -> Int {
        while true {
            // SAFETY: the kernel writes at most `count` bytes into memory that the buffer owns.
            let count = unsafe Glibc.read(descriptor, buffer.base, buffer.count)
            if count >= 0 { return count }
            guard errno == EINTR else { throw FileError("read", path) }
        }
    }

    /// Reads `buffer.count` bytes, or fewer at the end of the file, from `offset` in bytes; the file's
    /// own position stays.
    package func read(into buffer: inout Buffer, at offset: Int) throws(FileError) -> Int {
        var done = 0
        while done < buffer.count {
            // SAFETY: base + done ..< base + count is in memory that the buffer owns.
            let count = unsafe pread(descriptor, buffer.base + done, buffer.count - done, offset + done)
            if count == 0 { break }
            if count > 0 { done += count } else if errno != EINTR { throw FileError("read", path) }
        }
        return done
    }

    /// Lends the bytes of a range in blocks, in order; the file's own position stays.
    ///
    /// - Throws: ``ReadFailure`` where the file ends in the range or the task is cancelled, and what `block`
    ///   throws.
    package func read(
        _ range: Range<Int>, into buffer: inout Buffer, block: (Span<UInt8>) throws -> Void
    ) throws {
        var position = range.lowerBound
        while position < range.upperBound {
            if Task.isCancelled { throw ReadFailure.cancelled }
            let count = try read(into: &buffer, at: position)
            guard count > 0 else { throw ReadFailure.changed(path: path) }
            let part = min(count, range.upperBound - position)
            try buffer.withBytes(part) { bytes in try block(bytes) }
            position += part
        }
    }

    /// The bytes of a range, or fewer where the file ends in it.
    package func bytes(_ range: Range<Int>) throws(FileError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: range.count)
        var done = 0
        while done < bytes.count {
            let count = unsafe bytes.withUnsafeMutableBytes { raw in
                guard let base = raw.baseAddress else { return 0 }
                // SAFETY: base + done ..< base + count is in the array.
                return unsafe pread(descriptor, base + done, raw.count - done, range.lowerBound + done)
            }
            if count == 0 { break }
            if count > 0 { done += count } else if errno != EINTR { throw FileError("read", path) }
        }
        bytes.removeLast(bytes.count - done)
        return bytes
    }

    /// Writes all of the bytes at the file's position.
    package func write(_ bytes: Span<UInt8>) throws(FileError) {
        var done = 0
        while done < bytes.count {
            // SAFETY: the span is valid for the closure, and `done` is less than its count.
            let count = unsafe bytes.withUnsafeBytes { raw in
                unsafe Glibc.write(descriptor, raw.baseAddress.map { unsafe $0 + done }, raw.count - done)
            }
            if count >= 0 { done += count } else if errno != EINTR { throw FileError("write", path) }
        }
    }

    /// Waits until content and size are on the disk.
    package func synchronize() throws(FileError) {
        while fsync(descriptor) != 0 {
            guard errno == EINTR else { throw FileError("sync", path) }
        }
    }
}
