/// Why an archive could not be written or read: what is wrong, in which archive, at which of its files.
package struct ArchiveError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What kind of thing is wrong; stable, for tests and for machines.
    package enum Code: String, Sendable {
        /// A system call on the archive itself failed; ``ArchiveError/cause`` has it.
        case file
        /// libarchive reports that the archive is broken: cut off, a wrong checksum, a wrong size.
        case damaged
        /// The archive is well formed but uses something that is not supported.
        case unsupported
        /// A file's path in the archive could lead out of its directory, or is not text.
        case path
        /// The entry is not a regular file: a link, a device, a pipe.
        case notAFile = "not-a-file"
        /// Two files of the archive have the same path.
        case duplicate
        /// More bytes come out of a file, or out of the archive's own tables, than is allowed.
        case tooLarge = "too-large"
        /// The caller gave another number of bytes than it announced, or called out of order.
        case usage
        /// libarchive could not be set up at all.
        case library
    }

    /// What kind of thing is wrong.
    package let code: Code
    /// The path of the archive.
    package let archive: String
    /// The path of the file inside the archive, where it is known.
    package let entry: String?
    /// What is wrong, in words; libarchive's own where they come from there.
    package let reason: String
    /// The system call that failed, for ``Code/file``.
    package let cause: FileError?

    /// States what is wrong with an archive, or with one entry of it.
    package init(_ code: Code, _ archive: String, entry: String? = nil, _ reason: String) {
        self.code = code
        self.archive = archive
        self.entry = entry
        self.reason = reason
        cause = nil
    }

    /// Wraps what the file system reports of the archive's file.
    package init(_ cause: FileError) {
        code = .file
        archive = cause.path
        entry = nil
        reason = cause.description
        self.cause = cause
    }

    /// "x.tar: models/a.bin: Truncated tar archive".
    package var description: String {
        if cause != nil { return reason }
        return entry.map { "\(archive): \($0): \(reason)" } ?? "\(archive): \(reason)"
    }

    /// Whether the file system, or the user's share of it, is used up.
    package var isFullDisk: Bool { cause?.isFullDisk ?? false }
}
