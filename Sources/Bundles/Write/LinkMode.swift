import Formats
package import Manifests
import Storage

/// How a bundle's directory gets the content of files that are in a cache. Whatever the way, its
/// content is read and compared with the lock before it counts.
package enum LinkMode: String, CaseIterable, Sendable {
    /// Cloned where the file system can do that, else copied.
    case auto
    /// Cloned; it is an error where that cannot be done.
    case clone
    /// The cache's file itself, by a second name; it is an error where that cannot be done.
    case hardlink
    /// Copied.
    case copy

    /// Gives a path the content that an open file has at this moment, without copying it.
    ///
    /// - Parameter path: where nothing is yet.
    /// - Returns: the clone, open to write; `nil` where the content has to come another way, and nothing is at the path.
    /// - Throws: ``FileError``, and ``Diagnostics`` where it has to be cloned and cannot be.
    func clone(_ source: borrowing FileHandle, at path: String) throws -> FileHandle? {
        switch self {
        case .copy, .hardlink: return nil
        case .auto: return try source.clone(to: path)
        case .clone:
            if let clone = try source.clone(to: path) { return clone }
            throw Diagnostics(
                LinkMode.impossible(
                    "the file system cannot clone \(source.path) to \(Path.parent(path))",
                    "that needs one file system that can, such as btrfs or XFS; or use --link-mode auto, which copies then"
                ))
        }
    }

    /// Gives a file a second name, where nothing is yet. A link in the place of the file is not followed.
    /// - Throws: ``FileError``, and ``Diagnostics`` where the file systems are two.
    static func link(_ source: String, at path: String) throws {
        do throws(FileError) {
            try Directory.makeHardLink(to: source, at: path)
        } catch {
            guard error.isOfOtherFileSystem else { throw error }
            throw Diagnostics(
                impossible(
                    "\(source) cannot have another name at \(Path.parent(path)): \(error.reason)",
                    "that needs one file system and files of one's own; or use --link-mode auto, which copies then"
                ))
        }
    }

    private static func impossible(_ message: String, _ fix: String) -> Diagnostic {
        Diagnostic(code: .linkImpossible, message, fix: fix, verdict: .undecided)
    }

    /// Whether content from a file to a directory takes no space, as far as one file tells.
    ///
    /// - Parameters:
    ///   - source: a regular file of the cache.
    ///   - directory: where the bundle is being written; a file is made in it and removed.
    func takesNoSpace(_ source: String, in directory: String) -> Bool {
        if self == .copy { return false }
        if self == .hardlink { return true }
        let path = Path.join(directory, "clone")
        try? Directory.removeFile(path)
        guard let file = try? FileHandle.reading(source), (try? file.clone(to: path)) != nil else {
            return false
        }
        try? Directory.removeFile(path)
        return true
    }

    /// What whoever asked for this has to know; `nil` if there is nothing.
    package var warning: Diagnostic? {
        guard self == .hardlink else { return nil }
        return Diagnostic(
            .warning, code: .sharedFiles,
            "the bundle and the caches share their files: who changes one changes the other",
            notes: ["the clients never change a file of a cache, but replace it; editors may"],
            fix: "use --link-mode auto where the file system can clone; knapsack verify"
                + " finds later changes")
    }
}
