import Formats
import Glibc

/// Directories and files that nobody else may read: what is in them lets others act in the user's name.
extension Directory {
    /// Makes a directory that only its owner may enter, and those above it; one that exists has to be such a directory.
    ///
    /// - Throws: also where a link has the name, or a directory of another user, or one that others may enter.
    package static func makePrivate(_ path: String) throws(FileError) {
        try make(Path.parent(path))
        if unsafe mkdir(path, 0o700) == 0 { return }
        guard errno == EEXIST else { throw FileError("make the directory", path) }
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { throw FileError("look at", path) }
        guard status.st_mode & S_IFMT == S_IFDIR, status.st_uid == geteuid(), status.st_mode & 0o077 == 0
        else {
            throw FileError(
                "use", path, code: EACCES,
                reason:
                    "others may look into it, and tokens would be there; remove it, or make it yours alone")
        }
    }
}
