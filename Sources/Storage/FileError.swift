import Glibc

/// A system call that failed: what was tried, on which path, and the reason that the kernel gave.
package struct FileError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What was tried, as a verb in the infinitive: "open", "read", "rename".
    package let operation: String
    /// The path as it was given to the system call.
    package let path: String
    /// The error number, such as `ENOENT`.
    package let code: Int32

    /// Makes an error from an error number that is already at hand.
    package init(_ operation: String, _ path: String, code: Int32) {
        self.operation = operation
        self.path = path
        self.code = code
    }

    /// Makes an error from `errno`; call it directly after the failed system call.
    package init(_ operation: String, _ path: String) {
        self.init(operation, path, code: errno)
    }

    /// The kernel's reason in words, in English whatever the locale, because Knapsack never sets one.
    package var reason: String {
        unsafe String(cString: strerror(code))
    }

    /// "cannot open /x/y: Permission denied".
    package var description: String { "cannot \(operation) \(path): \(reason)" }

    /// Whether the file or one of its directories does not exist.
    package var isMissing: Bool { code == ENOENT || code == ENOTDIR }
}

extension FileError {
    /// Whether something has the name already.
    package var isExisting: Bool { code == EEXIST }

    /// Whether another process has it locked.
    package var isBusy: Bool { code == EWOULDBLOCK }

    /// Whether the file system, or the user's share of it, is used up.
    package var isFullDisk: Bool { code == ENOSPC || code == EDQUOT }
}
