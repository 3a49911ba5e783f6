import CLinux
import Glibc

/// Reading and writing at places of a file, from several threads at once: the file's own position stays.
extension FileHandle {
    /// Fills `bytes` from `offset` in bytes, or less of it at the end of the file.
    /// - Returns: the number of bytes read.
    package func read(into bytes: inout MutableSpan<UInt8>, at offset: Int) throws(FileError) -> Int {
        var done = 0
        while done < bytes.count {
            // SAFETY: base + done ..< base + count is in the span, which is valid for the closure.
            let count = unsafe bytes.withUnsafeMutableBytes { raw in
                unsafe pread(
                    descriptor, raw.baseAddress.map { unsafe $0 + done }, raw.count - done, offset + done)
            }
            if count == 0 { break }
            if count > 0 { done += count } else if errno != EINTR { throw FileError("read", path) }
        }
        return done
    }

    /// Writes all of the bytes at `offset` in bytes.
    package func write(_ bytes: Span<UInt8>, at offset: Int) throws(FileError) {
        var done = 0
        while done < bytes.count {
            // SAFETY: base + done ..< base + count is in the span, which is valid for the closure.
            let count = unsafe bytes.withUnsafeBytes { raw in
                unsafe pwrite(
                    descriptor, raw.baseAddress.map { unsafe $0 + done }, raw.count - done, offset + done)
            }
            if count >= 0 { done += count } else if errno != EINTR { throw FileError("write", path) }
        }
    }

    /// Makes the file so many bytes long; what is added reads as zeros.
    package func resize(_ size: Int) throws(FileError) {
        while ftruncate(descriptor, size) != 0 {
            guard errno == EINTR else { throw FileError("resize", path) }
        }
    }

    /// Gives the room of a range back to the file system; what is read of it then is zeros, and the size stays.
    /// - Returns: whether it was given back: not every file system can do it.
    @discardableResult
    package func makeHole(_ range: Range<Int>) -> Bool {
        range.isEmpty || knapsack_make_hole(descriptor, range.lowerBound, range.count) == 0
    }

    /// Tells the kernel that a range will be read soon, so that it can begin.
    package func willRead(_ range: Range<Int>) {
        // Advice only.
        _ = posix_fadvise(descriptor, range.lowerBound, range.count, POSIX_FADV_WILLNEED)
    }
}
