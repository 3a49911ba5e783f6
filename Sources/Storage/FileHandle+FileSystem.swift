import CLinux
import Glibc

extension FileHandle {
    /// Waits until all that was written to the file system that holds the file is on the disk: for very many small files that
    /// takes less time than waiting for each.
    package func synchronizeFileSystem() throws(FileError) {
        guard syncfs(descriptor) == 0 else { throw FileError("write", path) }
    }
}
