import CLinux
import Formats
import Glibc

/// An open directory, in which names are looked up and made without following any link.
///
/// Everything goes by the descriptor and a single name, so that a link that somebody puts into the place of
/// a directory meanwhile leads nowhere either. Descriptors are closed with their owner.
package final class OpenDirectory: Sendable {
    /// The number by which the kernel knows the open directory.
    package let descriptor: Int32
    /// The path that the directory was opened by, for messages.
    package let path: String

    private init(descriptor: Int32, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit { close(descriptor) }

    /// Opens a directory by its path, where links *are* followed: it is whoever named it that decides.
    package static func opening(_ path: String) throws(FileError) -> OpenDirectory {
        try open(at: AT_FDCWD, path, shown: path, O_RDONLY | O_DIRECTORY)
    }

    private static func open(
        at directory: Int32, _ name: String, shown: String, _ flags: Int32
    ) throws(FileError) -> OpenDirectory {
        OpenDirectory(descriptor: try descriptor(directory, name, shown, flags, 0), path: shown)
    }

    private static func descriptor(
        _ directory: Int32, _ name: String, _ shown: String, _ flags: Int32, _ mode: UInt32
    ) throws(FileError) -> Int32 {
        // A NUL would end the name early and open another file than the one meant.
        guard !name.utf8.contains(0) else { throw FileError("open", shown, code: EINVAL) }
        while true {
            let descriptor = unsafe openat(directory, name, flags | O_CLOEXEC, mode)
            if descriptor >= 0 { return descriptor }
            switch errno {
            case EINTR: continue
            case ENXIO: throw FileError("open", shown, .special)
            case ELOOP: throw FileError("open", shown, .link)
            default: throw FileError("open", shown)
            }
        }
    }

    /// A name must be one part of a path: with more the kernel would follow links on the way.
    private func single(_ name: String) throws(FileError) {
        guard !name.isEmpty, name != ".", name != "..", !name.utf8.contains(where: { $0 == 0 || $0 == 0x2F })
        else { throw FileError("open", Path.join(path, name), code: EINVAL) }
    }

    // MARK: Looking

    /// What has the name; a link is not followed. `nil` where nothing has it.
    package func status(of name: String) throws(FileError) -> FileStatus? {
        try single(name)
        do throws(FileError) {
            return try FileStatus.status(of: name, in: descriptor, path: Path.join(path, name))
        } catch {
            if error.code == ENOENT { return nil }
            throw error
        }
    }

    /// Opens a directory of this one; a link to one is an error (`ENOTDIR`).
    package func directory(_ name: String) throws(FileError) -> OpenDirectory {
        try single(name)
        return try OpenDirectory.open(
            at: descriptor, name, shown: Path.join(path, name), O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
    }

    /// Opens a regular file to read it; a link is an error (`ELOOP`), a pipe or a device is one (`EINVAL`).
    package func reading(_ name: String) throws(FileError) -> FileHandle {
        try single(name)
        let shown = Path.join(path, name)
        let handle = FileHandle(
            descriptor: try OpenDirectory.descriptor(
                descriptor, name, shown, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0),
            path: shown)
        if let obstacle = Obstacle(try handle.status().kind) { throw FileError("read", shown, obstacle) }
        return handle
    }

    /// The text of a symbolic link, exactly as it is stored.
    package func linkText(_ name: String) throws(FileError) -> String {
        try single(name)
        var bytes = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = unsafe bytes.withUnsafeMutableBytes { raw in
            let text = unsafe raw.bindMemory(to: CChar.self)
            guard let start = text.baseAddress else { return -1 }
            return unsafe readlinkat(descriptor, name, start, text.count)
        }
        guard count >= 0 else { throw FileError("read the link", Path.join(path, name)) }
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }

    // MARK: Making

    /// Makes a directory; one that exists is *not* an error.
    /// - Returns: whether it had to be made.
    @discardableResult
    package func makeDirectory(_ name: String) throws(FileError) -> Bool {
        try single(name)
        if unsafe mkdirat(descriptor, name, 0o755) == 0 { return true }
        guard errno == EEXIST else { throw FileError("make the directory", Path.join(path, name)) }
        return false
    }

    /// Makes a new file to write; whatever has the name already is an error (`EEXIST`).
    package func creating(_ name: String) throws(FileError) -> FileHandle {
        try single(name)
        let shown = Path.join(path, name)
        return FileHandle(
            descriptor: try OpenDirectory.descriptor(
                descriptor, name, shown, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o644),
            path: shown)
    }

    /// Opens a regular file to write into it; a link is an error (`ELOOP`), a device is one (`EINVAL`).
    package func writing(_ name: String) throws(FileError) -> FileHandle {
        try single(name)
        let shown = Path.join(path, name)
        let handle = FileHandle(
            descriptor: try OpenDirectory.descriptor(
                descriptor, name, shown, O_WRONLY | O_NOFOLLOW | O_NONBLOCK, 0),
            path: shown)
        if let obstacle = Obstacle(try handle.status().kind) { throw FileError("write", shown, obstacle) }
        return handle
    }

    /// Makes a symbolic link; whatever has the name already is an error (`EEXIST`).
    package func makeLink(_ name: String, to text: String) throws(FileError) {
        try single(name)
        guard unsafe symlinkat(text, descriptor, name) == 0 else {
            throw FileError("make the link", Path.join(path, name))
        }
    }

    /// Renames a file of this directory into another one, where nothing has the name yet (`EEXIST`
    /// otherwise).
    package func rename(
        _ name: String, into other: OpenDirectory, as newName: String
    ) throws(FileError) {
        try single(name)
        try other.single(newName)
        if unsafe knapsack_rename_new_at(descriptor, name, other.descriptor, newName) == 0 { return }
        let code = errno
        // Some network file systems know no such rename; a hard link has never taken another's place.
        if code == EINVAL || code == ENOSYS,
            unsafe linkat(descriptor, name, other.descriptor, newName, 0) == 0
        {
            return try removeFile(name)
        }
        throw FileError("rename to", Path.join(other.path, newName), code: code)
    }

    /// Removes a file or a link; one that is missing is *not* an error.
    package func removeFile(_ name: String) throws(FileError) {
        try single(name)
        guard unsafe unlinkat(descriptor, name, 0) == 0 || errno == ENOENT else {
            throw FileError("remove", Path.join(path, name))
        }
    }

    /// Removes a directory of this one if it is empty.
    /// - Returns: whether it is gone.
    @discardableResult
    package func removeEmptyDirectory(_ name: String) throws(FileError) -> Bool {
        try single(name)
        return unsafe unlinkat(descriptor, name, AT_REMOVEDIR) == 0 || errno == ENOENT
    }

    /// Waits until the names in the directory are on the disk.
    package func synchronize() throws(FileError) {
        while fsync(descriptor) != 0 {
            guard errno == EINTR else { throw FileError("sync", path) }
        }
    }

    /// Waits until all that was written to the file system of this directory is on the disk: for many small
    /// files this is one wait instead of one each.
    package func synchronizeFileSystem() throws(FileError) {
        while knapsack_synchronize_file_system(descriptor) != 0 {
            guard errno == EINTR else { throw FileError("sync the file system of", path) }
        }
    }

    /// Takes the directory's lock for this process, without waiting.
    /// - Returns: whether it was free. The lock ends with the owner, also when the process is killed.
    package func lockExclusively() throws(FileError) -> Bool {
        if knapsack_flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return true }
        guard errno == EWOULDBLOCK else { throw FileError("lock", path) }
        return false
    }
}

extension FileStatus {
    /// The status of a name in an open directory: a link is not followed.
    package static func status(
        of name: String, in directory: Int32, path: String
    ) throws(FileError) -> FileStatus {
        var status = stat()
        guard unsafe fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
            throw FileError("look at", path)
        }
        return FileStatus(status)
    }
}

extension FileHandle {
    /// Reads at most `count` bytes, or fewer at the end of the file, from `offset` in bytes, and no more
    /// than the buffer has room for; the file's own position stays.
    package func read(
        into buffer: inout Buffer, at offset: Int, atMost count: Int
    ) throws(FileError) -> Int {
        let wanted = min(max(count, 0), buffer.count)
        var done = 0
        while done < wanted {
            // SAFETY: base + done ..< base + wanted is in memory that the buffer owns.
            let part = unsafe pread(descriptor, buffer.base + done, wanted - done, offset + done)
            if part == 0 { break }
            if part > 0 { done += part } else if errno != EINTR { throw FileError("read", path) }
        }
        return done
    }
}

extension OpenDirectory {
    /// Whether this process may make files in a directory.
    package static func isWritable(_ path: String) -> Bool { unsafe access(path, W_OK | X_OK) == 0 }

    /// Whether this process may run a file.
    package static func isRunnable(_ path: String) -> Bool { unsafe access(path, X_OK) == 0 }
}
