import Formats
import Glibc
import Synchronization

/// A file that is written beside its name, and gets the name when it is whole: until then it is
/// `.NAME.partial` in the same directory, and locked.
///
/// It is removed where it is not published: with its owner, so after an error as after a full disk, and by
/// ``removeAll()`` when the process is interrupted. Only a killed process leaves it, and the next one that
/// writes the same name takes it over.
package final class PartialFile: Sendable {
    /// The path that the file will have.
    package let target: String
    /// The open file, empty at first.
    package let handle: FileHandle

    /// The temporary names of this process's files that are not published.
    private static let unpublished = Mutex<Set<ExactName>>([])

    /// Makes the file, in the place of one that a killed process left.
    ///
    /// - Parameter seconds: how long to wait for another process that is writing it.
    /// - Throws: `EWOULDBLOCK` where another process is writing it; also where the path is that of a directory, a pipe or
    ///   a device, or of a link to one, in whose place no file belongs.
    package init(target: String, patience seconds: Int = 0) throws(FileError) {
        if let present = try FileStatus.existing(target) {
            let real = try Directory.realPath(named: target)
            if let obstacle = Obstacle(try FileStatus.status(of: real).kind) {
                throw FileError("write", target, obstacle, at: present.kind == .link ? real : nil)
            }
        }
        self.target = target
        let temporary = AtomicFile.unfinished(target)
        // Where it belongs to another process, nothing is made that would remove it at its end.
        guard let handle = try FileHandle.claiming(temporary, patience: seconds) else {
            throw FileError("lock", temporary, code: EWOULDBLOCK)
        }
        self.handle = handle
        PartialFile.unpublished.withLock { _ = $0.insert(temporary) }
    }

    deinit {
        PartialFile.unpublished.withLock { names in
            if names.remove(ExactName(handle.path)) != nil { try? Directory.removeFile(handle.path) }
        }
    }

    /// Gives the file its name, in place of any file that has it. What was written has to be on the disk.
    package func publish() throws(FileError) {
        let failure = PartialFile.unpublished.withLock { names -> FileError? in
            do throws(FileError) {
                try AtomicFile.rename(handle.path, to: target)
                names.remove(ExactName(handle.path))
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw failure }
    }

    /// Removes every file of this process that was not published, for a process that ends: what is written
    /// to them afterwards is lost.
    package static func removeAll() { remove { _ in true } }

    /// Removes the files of this process that were not published and whose temporary paths are meant.
    package static func remove(where isMeant: (String) -> Bool) {
        unpublished.withLock { names in
            for name in names where isMeant(name.text) {
                try? Directory.removeFile(name.text)
                names.remove(name)
            }
        }
    }
}
