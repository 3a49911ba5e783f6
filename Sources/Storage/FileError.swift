import Glibc

/// A system call that failed: what was tried, on which path, and the reason that the kernel gave.
public struct FileError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What was tried, as a verb in the infinitive: "open", "read", "rename".
    public let operation: String
    /// The path as it was given to the system call.
    public let path: String
    /// The error number, such as `ENOENT`.
    public let code: Int32

    /// Makes an error from an error number that is already at hand.
    public init(_ operation: String, _ path: String, code: Int32) {
        self.operation = operation
        self.path = path
        self.code = code
    }

    /// Makes an error from `errno`; call it directly after the failed system call.
    init(_ operation: String, _ path: String) {
        self.init(operation, path, code: errno)
    }

    /// The kernel's reason in words, in English whatever the locale, because Knapsack never sets one.
    public var reason: String {
        unsafe String(cString: strerror(code))
    }

    /// "cannot open /x/y: Permission denied".
    public var description: String { "cannot \(operation) \(path): \(reason)" }

    /// Whether the file or one of its directories does not exist.
    public var isMissing: Bool { code == ENOENT || code == ENOTDIR }
}

extension FileError {
    /// Whether something has the name already.
    public var isExisting: Bool { code == EEXIST }

    /// Whether another process has it locked.
    public var isBusy: Bool { code == EWOULDBLOCK }

    /// Whether the file system, or the user's share of it, is used up.
    public var isFullDisk: Bool { code == ENOSPC || code == EDQUOT }
}
