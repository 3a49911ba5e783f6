import CLinux
import Formats
import Glibc

/// Publishing under a final name: what a reader finds there is always whole.
package enum AtomicFile {
    /// Writes a small file so that `path` holds either its old content or all of `bytes`, also after a
    /// loss of power.
    ///
    /// Bytes that are there already are left alone, so that nothing that watches the file wakes up. Who may read and write
    /// a file that is replaced stays as it was.
    /// - Returns: whether the file had to be written.
    @discardableResult
    package static func write(_ bytes: [UInt8], to path: String) throws(FileError) -> Bool {
        if (try? holds(bytes, path)) == true { return false }
        let partial = try PartialFile(target: path, patience: 10)
        // Before there is anything in it to read.
        if try FileStatus.existing(path)?.kind == .file { try partial.handle.takePermissions(of: path) }
        try partial.handle.write(bytes.span)
        try partial.handle.synchronize()
        try partial.publish()
        try synchronizeDirectory(of: path)
        return true
    }

    /// Whether a file has exactly this content.
    private static func holds(_ bytes: [UInt8], _ path: String) throws(FileError) -> Bool {
        let file = try FileHandle.reading(path)
        guard try file.status().size == bytes.count else { return false }
        var buffer = Buffer(count: min(bytes.count, FileReader.blockSize))
        var position = 0
        while position < bytes.count {
            let count = try file.read(into: &buffer)
            guard count > 0, count <= bytes.count - position else { return false }
            let isEqual = buffer.withBytes(count) { block in
                block.indices.allSatisfy { block[$0] == bytes[position + $0] }
            }
            guard isEqual else { return false }
            position += count
        }
        return true
    }

    /// Where a file or directory is stored until it is whole: beside its final name, so that it can be renamed,
    /// and always at the same place, so that the next run finds what a killed one left.
    package static func unfinished(_ path: String) -> String {
        Path.join(Path.parent(path), ".\(Path.name(path)).partial")
    }

    /// Renames, taking the place of a file or an empty directory that has the name.
    package static func rename(_ from: String, to path: String) throws(FileError) {
        guard unsafe Glibc.rename(from, path) == 0 else { throw FileError("rename to", path) }
    }

    /// Renames where nothing has the name yet (`EEXIST` otherwise).
    package static func renameNew(_ from: String, to path: String) throws(FileError) {
        guard unsafe knapsack_rename_new(from, path) == 0 else { throw FileError("rename to", path) }
    }

    /// Swaps two names of one file system in one step.
    package static func exchange(_ first: String, _ second: String) throws(FileError) {
        guard unsafe knapsack_exchange(first, second) == 0 else { throw FileError("swap into", second) }
    }

    /// Waits until the names in the directory that holds `path` are on the disk.
    package static func synchronizeDirectory(of path: String) throws(FileError) {
        try FileHandle.directory(Path.parent(path)).synchronize()
    }
}

extension FileHandle {
    /// Takes the file's lock for this process, without waiting.
    /// - Returns: whether it was free. The lock ends with the handle, also when the process is killed.
    package func lockExclusively() throws(FileError) -> Bool {
        if knapsack_flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return true }
        guard errno == EWOULDBLOCK else { throw FileError("lock", path) }
        return false
    }

    /// Below so many bytes, starting to write costs more than it saves: very many small files are written together.
    private static let leastWriteback = 1 << 18

    /// Starts writing bytes that were written to the disk, without waiting, so that a later
    /// ``synchronize()`` has less to wait for. Few bytes are left for then.
    package func startWriteback(offset: Int, count: Int) {
        guard count >= FileHandle.leastWriteback else { return }
        // Advice only: where the file system cannot, synchronize() does all of the work.
        _ = knapsack_start_writeback(descriptor, offset, count)
    }
}
