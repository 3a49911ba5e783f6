import CLinux
import Glibc

/// Files that several programs, or several runs, open one after another and go on with.
extension FileHandle {
    /// Opens a file to read and write it, with the content that it has; one that is missing is made. A link is refused.
    /// - Parameter mode: the permission bits of a file that is made, of which the process's umask takes some away.
    package static func updating(_ path: String, mode: UInt32 = 0o666) throws(FileError) -> FileHandle {
        guard !path.utf8.contains(0) else { throw FileError("open", path, code: EINVAL) }
        while true {
            let flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC
            let descriptor = unsafe Glibc.open(path, flags, mode)
            if descriptor >= 0 { return FileHandle(descriptor: descriptor, path: path) }
            guard errno == EINTR else { throw FileError("open", path) }
        }
    }

    /// Takes a lock that other programs take, too: a file of no content that stays for ever, with `flock(2)`.
    ///
    /// filelock 4.3 does it so for huggingface_hub (`WeakFileLock`, mode 0664 whatever the umask is).
    /// - Returns: `nil` where another process has it. The lock ends with the handle.
    package static func sharedLock(_ path: String) throws(FileError) -> FileHandle? {
        while true {
            let file = try updating(path, mode: 0o664)
            guard try file.lockExclusively() else { return nil }
            // Where it is somebody else's, its mode stays.
            _ = fchmod(file.descriptor, 0o664)
            var status = stat()
            guard unsafe fstat(file.descriptor, &status) == 0 else { throw FileError("look at", path) }
            // Whoever held it before may have removed it.
            if status.st_nlink > 0 { return file }
        }
    }

    /// Waits until the content is on the disk; names and times may follow later.
    package func synchronizeContent() throws(FileError) {
        while fdatasync(descriptor) != 0 {
            guard errno == EINTR else { throw FileError("sync", path) }
        }
    }
}

extension Directory {
    /// Makes a symbolic link with a text, in place of anything but a directory that has the name.
    package static func makeLink(_ text: String, at path: String) throws(FileError) {
        if unsafe symlink(text, path) == 0 { return }
        guard errno == EEXIST else { throw FileError("make the link", path) }
        // By way of another name, so that the path is never without what it leads to.
        let temporary = AtomicFile.unfinished(path)
        try removeFile(temporary)
        guard unsafe symlink(text, temporary) == 0 else { throw FileError("make the link", path) }
        do throws(FileError) {
            try AtomicFile.rename(temporary, to: path)
        } catch {
            try? removeFile(temporary)
            throw error
        }
    }

    /// Whether a path leads to a regular file of so many bytes, whatever links are on the way.
    package static func leadsToFile(_ path: String, size: Int) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
            && Int(status.st_size) == size
    }
}

/// Sleeps for so many milliseconds.
package func pause(milliseconds: Int) {
    usleep(UInt32(clamping: min(max(0, milliseconds), 60_000) * 1000))
}

/// A time that only goes forward, in nanoseconds since some moment.
package func steadyTime() -> Int64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}
