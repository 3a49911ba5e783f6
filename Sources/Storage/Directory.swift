import Formats
import Glibc

/// Directories and names: what is in them, where links lead, making and removing them.
package enum Directory {
    /// The names in a directory, without "." and "..", in the order of their bytes.
    ///
    /// A name that is not valid UTF-8 has U+FFFD in place of the wrong bytes, so that no such file can be
    /// opened by the name that is shown: it is reported, never silently left out.
    package static func names(in path: String) throws(FileError) -> [String] {
        guard let directory = unsafe opendir(path) else { throw FileError("list", path) }
        defer { unsafe _ = closedir(directory) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = unsafe readdir(directory) else {
                if errno != 0 { throw FileError("list", path) }
                break
            }
            // SAFETY: d_name is a NUL-terminated string inside the entry, valid until the next readdir.
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sortedByBytes()
    }

    /// The text of a symbolic link, exactly as it is stored.
    package static func linkText(_ path: String) throws(FileError) -> String {
        var bytes = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = unsafe bytes.withUnsafeMutableBytes { raw in
            let text = unsafe raw.bindMemory(to: CChar.self)
            guard let start = text.baseAddress else { return -1 }
            return unsafe readlink(path, start, text.count)
        }
        guard count >= 0 else { throw FileError("read the link", path) }
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }

    /// The absolute path without links, "." and ".."; an error where any part of it is missing.
    package static func realPath(_ path: String) throws(FileError) -> String {
        guard let text = unsafe realpath(path, nil) else {
            throw errno == ELOOP ? FileError("resolve", path, .circle) : FileError("resolve", path)
        }
        defer { unsafe free(text) }
        return unsafe String(cString: text)
    }

    /// The process's current directory.
    package static func current() throws(FileError) -> String {
        try realPath(".")
    }

    /// Makes a directory and those above it; one that exists is *not* an error.
    package static func make(_ path: String) throws(FileError) {
        if unsafe mkdir(path, 0o755) == 0 { return }
        let code = errno
        if code == EEXIST {
            var status = stat()
            if unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR { return }
            throw FileError("make the directory", path, code: EEXIST)
        }
        guard code == ENOENT, let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")), slash > path.startIndex
        else { throw FileError("make the directory", path, code: code) }
        try make(String(path[..<slash]))
        guard unsafe mkdir(path, 0o755) == 0 || errno == EEXIST else {
            throw FileError("make the directory", path)
        }
    }

    /// Removes a file or a link; one that is missing is *not* an error.
    package static func removeFile(_ path: String) throws(FileError) {
        guard unsafe unlink(path) == 0 || errno == ENOENT else { throw FileError("remove", path) }
    }

    /// Removes a directory with all that is in it, following no link; one that is missing is *not* an error.
    package static func removeTree(_ path: String) throws(FileError) {
        guard let status = try FileStatus.existing(path) else { return }
        guard status.kind == .directory else { return try removeFile(path) }
        for name in try names(in: path) { try removeTree(path + "/" + name) }
        guard unsafe rmdir(path) == 0 || errno == ENOENT else { throw FileError("remove", path) }
    }

    /// Removes a directory if it is empty; one that is missing or has content is *not* an error.
    package static func removeIfEmpty(_ path: String) throws(FileError) {
        guard unsafe rmdir(path) == 0 || errno == ENOENT || errno == ENOTEMPTY || errno == EEXIST else {
            throw FileError("remove", path)
        }
    }

    /// Whether the file system that holds `path` can take no more files, whatever their size.
    package static func isOutOfFiles(at path: String) -> Bool {
        var status = statvfs()
        return unsafe statvfs(path, &status) == 0 && status.f_files > 0 && status.f_favail == 0
    }

    /// Bytes that this process may still write to the file system that holds `path`.
    package static func freeBytes(at path: String) throws(FileError) -> Int {
        var status = statvfs()
        guard unsafe statvfs(path, &status) == 0 else { throw FileError("ask for free space at", path) }
        let (bytes, overflow) = Int(clamping: status.f_bavail)
            .multipliedReportingOverflow(by: Int(clamping: status.f_frsize))
        return overflow ? Int.max : bytes
    }

    /// The size of the file system that holds `path`, in bytes, whoever uses them.
    package static func totalBytes(at path: String) throws(FileError) -> Int {
        var status = statvfs()
        guard unsafe statvfs(path, &status) == 0 else { throw FileError("ask for the size of", path) }
        let (bytes, overflow) = Int(clamping: status.f_blocks)
            .multipliedReportingOverflow(by: Int(clamping: status.f_frsize))
        return overflow ? Int.max : bytes
    }
}
