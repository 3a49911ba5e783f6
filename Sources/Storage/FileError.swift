import Glibc

/// A system call that failed: what was tried, on which path, and the reason that the kernel gave.
package struct FileError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What was tried, as a verb in the infinitive: "open", "read", "rename".
    package let operation: String
    /// The path as it was given to the system call.
    package let path: String
    /// The error number, such as `ENOENT`.
    package let code: Int32

    /// What has the place of the file, if that is what is wrong.
    package let obstacle: Obstacle?

    /// A better reason than the kernel's, if there is one.
    private let ownReason: String?

    /// Makes an error from an error number that is already at hand.
    /// - Parameters:
    ///   - obstacle: what has the place of the file.
    ///   - reason: what to say in the place of the number's words.
    package init(
        _ operation: String, _ path: String, code: Int32, _ obstacle: Obstacle? = nil, reason: String? = nil
    ) {
        self.operation = operation
        self.obstacle = obstacle
        self.path = path
        self.code = code
        ownReason = reason
    }

    /// Makes an error from `errno`; call it directly after the failed system call.
    package init(_ operation: String, _ path: String) {
        self.init(operation, path, code: errno)
    }

    /// The reason in words: Knapsack's own, or the kernel's, in English whatever the locale, because Knapsack never
    /// sets one.
    package var reason: String {
        unsafe ownReason ?? String(cString: strerror(code))
    }

    /// "cannot open /x/y: Permission denied".
    package var description: String { "cannot \(operation) \(path): \(reason)" }

    /// Whether the file or one of its directories does not exist.
    package var isMissing: Bool { code == ENOENT || code == ENOTDIR }
}

extension FileError {
    /// Whether a directory is in the place of a file.
    package var isDirectory: Bool { code == EISDIR }

    /// Whether something has the name already.
    package var isExisting: Bool { code == EEXIST }

    /// Whether another process has it locked.
    package var isBusy: Bool { code == EWOULDBLOCK }

    /// Whether a second name cannot be had, because the path is on another file system, or the file is somebody else's.
    package var isOfOtherFileSystem: Bool { [EXDEV, EPERM, EMLINK, EOPNOTSUPP, EACCES].contains(code) }

    /// Whether the file system, or the user's share of it, is used up.
    package var isFullDisk: Bool { code == ENOSPC || code == EDQUOT }
}
