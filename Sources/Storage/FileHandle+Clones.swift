import Glibc

/// Content that two files share instead of having it twice.
extension FileHandle {
    /// The request of ioctl(2) that makes a file a clone of another: `FICLONE`, `_IOW(0x94, 9, int)` of linux/fs.h, which is
    /// a macro that Swift does not see.
    private static let cloning: UInt = 0x4004_9409

    /// What the kernel answers where a file system, or a pair of them, cannot do it (ioctl_ficlone(2)).
    private static let impossible = [EOPNOTSUPP, EXDEV, EINVAL, ENOTTY, ENOSYS, EPERM, ETXTBSY, EBADF]

    /// Makes a new file whose content is that of this one at this moment. The blocks are shared until one of the two
    /// is changed; then they part.
    ///
    /// - Parameter path: where nothing is yet.
    /// - Returns: the new file, open to write; `nil` where the file system cannot do it; then nothing was made.
    package borrowing func clone(to path: String) throws(FileError) -> FileHandle? {
        let copy = try FileHandle.creating(path)
        while ioctl(copy.descriptor, FileHandle.cloning, descriptor) != 0 {
            let code = errno
            if code == EINTR { continue }
            try Directory.removeFile(path)
            guard FileHandle.impossible.contains(code) else {
                throw FileError("clone", self.path, code: code)
            }
            return nil
        }
        return copy
    }
}

extension Directory {
    /// Gives a file a second name, where nothing is yet; a link in its place is not followed.
    package static func makeHardLink(to source: String, at path: String) throws(FileError) {
        guard !source.utf8.contains(0), !path.utf8.contains(0) else {
            throw FileError("link", source, code: EINVAL)
        }
        guard unsafe link(source, path) == 0 else { throw FileError("link", source) }
    }
}
