import Glibc

extension FileHandle {
    /// Lets the same users read and write the file as another one: what a file that takes its place has to do.
    /// - Parameter path: the other file; a link is followed.
    package func takePermissions(of path: String) throws(FileError) {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { throw FileError("look at", path) }
        guard fchmod(descriptor, status.st_mode & 0o777) == 0 else {
            throw FileError("set the permissions of", self.path)
        }
    }
}
