import Glibc

/// What the kernel states of one file, and all that Knapsack asks of it.
package struct FileStatus: Equatable, Hashable, Sendable {
    /// The kinds of file that Knapsack distinguishes.
    package enum Kind: Sendable {
        /// A regular file.
        case file
        /// A directory.
        case directory
        /// A symbolic link, seen by ``status(of:)`` only.
        case link
        /// A device, pipe or socket.
        case other
    }

    /// What kind of file it is.
    package let kind: Kind
    /// The length in bytes.
    package let size: Int
    /// The number of the file system that holds it.
    package let device: UInt64
    /// The number of the file in its file system.
    package let inode: UInt64
    /// When the content last changed, in nanoseconds since 1970, as the file's owner may set it.
    package let modified: Int64
    /// When content or attributes last changed, in nanoseconds since 1970; nobody can set it.
    package let changed: Int64

    /// Takes what stat(2), lstat(2) or fstat(2) filled in.
    init(_ status: stat) {
        switch status.st_mode & S_IFMT {
        case S_IFREG: kind = .file
        case S_IFDIR: kind = .directory
        case S_IFLNK: kind = .link
        default: kind = .other
        }
        size = Int(status.st_size)
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        modified = Int64(status.st_mtim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_mtim.tv_nsec)
        changed = Int64(status.st_ctim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_ctim.tv_nsec)
    }

    /// A status that was remembered.
    package init(kind: Kind, size: Int, device: UInt64, inode: UInt64, modified: Int64, changed: Int64) {
        self.kind = kind
        self.size = size
        self.device = device
        self.inode = inode
        self.modified = modified
        self.changed = changed
    }

    /// The status of the path itself: a link is not followed.
    package static func status(of path: String) throws(FileError) -> FileStatus {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { throw FileError("look at", path) }
        return FileStatus(status)
    }

    /// The status of the path itself, or `nil` where nothing is there.
    package static func existing(_ path: String) throws(FileError) -> FileStatus? {
        do {
            return try status(of: path)
        } catch  where error.isMissing {
            return nil
        }
    }

    /// How many names a file has; 0 where there is none of this one.
    package static func links(of path: String) throws(FileError) -> Int {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else {
            guard errno == ENOENT else { throw FileError("look at", path) }
            return 0
        }
        return Int(status.st_nlink)
    }

    /// The status of an open file.
    package static func status(of descriptor: Int32, path: String) throws(FileError) -> FileStatus {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw FileError("look at", path) }
        return FileStatus(status)
    }
}

extension FileStatus {
    /// Whether a path is that of a directory, also through links; one that cannot be looked at is *not* one.
    package static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Whether other users may read a file; a file that is not there or cannot be asked about is *not* one.
    package static func isReadableByOthers(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IROTH != 0
    }
}
