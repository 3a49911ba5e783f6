import Formats
package import Manifests
package import Storage

/// What a bundle holds, by its lock, and what of it is missing or has another size. Content is not read.
package struct BundleInspection: Sendable {
    /// The directory or archive as it was named.
    package let path: String
    /// The archive's format; `nil` for a directory.
    package let format: ArchiveFormat?
    /// What is stored where, with the lock.
    package let plan: Plan
    /// The files and their sizes in all, as they were found; `nil` for a compressed archive, of which only the
    /// lock was read.
    package let found: (files: Int, bytes: Int)?
    /// What is missing, extra, or of another size.
    package let findings: [Diagnostic]

    /// Looks at a bundle.
    /// - Parameter path: a directory with a lock in it, or a file named as an archive; links are followed.
    /// - Returns: `nil` where it is neither.
    /// - Throws: where it is one, and its lock cannot be read.
    package static func read(path: String) async throws -> BundleInspection? {
        try await BundleInspection(path: path)
    }

    private init?(path: String) async throws {
        guard let kind = try? FileStatus.status(of: Directory.realPath(path)).kind else { return nil }
        let format = kind == .directory ? nil : ArchiveFormat(path: path)
        let lock: Lock
        let report: VerifyReport?
        if let format {
            lock = try ArchiveContent(path, format: format).lock
            report =
                format == .tarZstd
                ? nil : try await ArchiveVerifier(path, format: format, level: .quick).verify { _ in }
        } else {
            guard kind == .directory, try FileStatus.existing(Lock.bundledName.joined(to: path)) != nil else {
                return nil
            }
            lock = try DirectoryContent(path).lock()
            report = try await BundleVerifier(directory: path, level: .quick).verify { _ in }
        }
        self.path = path
        self.format = format
        plan = try Plan(lock)
        found = report.map { ($0.files, $0.bytes) }
        findings = report?.findings ?? []
    }
}
