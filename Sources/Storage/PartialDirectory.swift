import Formats
import Glibc
import Synchronization

/// A directory that is written beside its name, and gets the name when it is whole: until then it is
/// `.NAME.partial` in the same directory, and locked.
///
/// It is removed where it is not published: with its owner, so after an error as after a full disk, and by
/// ``removeAll()`` when the process is interrupted. Only a killed process leaves it, and the next one that
/// writes the same name empties it and takes it over.
package final class PartialDirectory: Sendable {
    /// The path that the directory will have.
    package let target: String
    /// The path that it has now; what is made in it gets the target's name with it.
    package let path: String
    /// Holds the lock.
    private let handle: FileHandle

    /// The temporary paths of this process's directories that are not published.
    private static let unpublished = Mutex<Set<ExactName>>([])

    /// Makes the directory, and those above it; empties one that a killed process left.
    /// - Throws: `EWOULDBLOCK` where another process is writing it.
    package init(target: String) throws(FileError) {
        self.target = target
        path = PartialDirectory.temporaryPath(of: target)
        handle = try PartialDirectory.locked(path)
        PartialDirectory.unpublished.withLock { _ = $0.insert(path) }
        for name in try Directory.names(in: path) { try Directory.removeTree(Path.join(path, name)) }
    }

    deinit {
        PartialDirectory.unpublished.withLock { paths in
            if paths.remove(ExactName(path)) != nil { try? Directory.removeTree(path) }
        }
    }

    /// Where a directory is written before it gets its name.
    package static func temporaryPath(of target: String) -> String {
        AtomicFile.unfinished(target)
    }

    private static func locked(_ path: String) throws(FileError) -> FileHandle {
        guard let handle = try FileHandle.claimingDirectory(path) else {
            throw FileError("lock", path, code: EWOULDBLOCK)
        }
        return handle
    }

    /// Waits until everything in it is on the disk and gives it its name, in place of an empty directory if there
    /// is one.
    /// - Throws: `ENOTEMPTY` or `EEXIST` where a directory with content has the name, `ENOTDIR` where a file has it.
    package func publish() throws(FileError) {
        try PartialDirectory.synchronize(path)
        let failure = PartialDirectory.unpublished.withLock { paths -> FileError? in
            do throws(FileError) {
                try AtomicFile.rename(path, to: target)
                paths.remove(ExactName(path))
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw failure }
        try AtomicFile.synchronizeDirectory(of: target)
    }

    /// Waits until everything in a directory is on the disk.
    package static func synchronize(_ directory: String) throws(FileError) {
        for name in try Directory.names(in: directory) {
            let path = Path.join(directory, name)
            if try FileStatus.status(of: path).kind == .directory {
                try synchronize(path)
            } else {
                try FileHandle.reading(path).synchronize()
            }
        }
        try FileHandle.directory(directory).synchronize()
    }

    /// Removes every directory of this process that was not published, for a process that ends. Threads that are
    /// still writing may make a file behind its back, so it is tried a few times.
    package static func removeAll() {
        unpublished.withLock { paths in
            for path in paths {
                for _ in 0..<5 where (try? FileStatus.existing(path.text)) != .some(nil) {
                    try? Directory.removeTree(path.text)
                }
            }
            paths = []
        }
    }

    /// Removes what a killed process left of the directory with this temporary path; one that a process is writing
    /// stays.
    /// - Returns: whether it is gone.
    package static func removeLeftover(_ path: String) throws(FileError) -> Bool {
        guard try FileStatus.existing(path)?.kind == .directory else { return false }
        let handle = try FileHandle.directory(path)
        guard try handle.lockExclusively() else { return false }
        try Directory.removeTree(path)
        return true
    }
}
