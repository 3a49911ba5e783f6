package import Manifests
import Storage

extension Lock {
    /// The lock that a bundle was written with; its other files are not looked at.
    /// - Parameter path: a directory, or a file named as an archive; links are followed.
    /// - Returns: `nil` where it is neither.
    /// - Throws: where it is one, and its lock cannot be read.
    package static func bundled(in path: String) throws -> Lock? {
        guard let kind = try? FileStatus.status(of: Directory.realPath(path)).kind else { return nil }
        if kind == .directory { return try DirectoryContent(path).lock() }
        return try ArchiveFormat(path: path).map { try ArchiveContent(path, format: $0).lock }
    }
}
