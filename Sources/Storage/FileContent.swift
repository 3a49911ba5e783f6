/// The whole of a file that was read once, with what the kernel stated of it before and after: it can be hashed without
/// being read again.
package struct FileContent: Sendable {
    /// All of its bytes.
    package let bytes: [UInt8]
    /// The file's status, equal before and after it was read.
    package let status: FileStatus
    /// When reading began, in nanoseconds since 1970.
    package let readAt: Int64

    /// Takes what was read of a file.
    package init(bytes: [UInt8], status: FileStatus, readAt: Int64) {
        self.bytes = bytes
        self.status = status
        self.readAt = readAt
    }

    /// What ``FileReader/read(_:gitBlob:buffer:block:)`` gives for the file.
    /// - Parameter gitBlob: whether the git blob name is wanted too.
    package func hashed(gitBlob: Bool) throws(HashingFailure) -> FileReader.Result {
        var hasher = try ContentHasher(gitBlobLength: gitBlob ? bytes.count : nil)
        try hasher.update(bytes.span)
        return FileReader.Result(status: status, digests: try hasher.finish())
    }
}
