import Formats

/// What all paths of an archive may take together, written or read: the reader keeps each one, to find
/// duplicates, and a zip's directory holds each one with about 90 bytes more.
struct PathBudget {
    /// The most bytes of all paths, each counted with ``overhead``; about half a million files.
    static let limit = 1 << 26
    private static let overhead = 96

    private var used = 0

    /// Counts a path.
    /// - Returns: whether it still fits.
    mutating func take(_ path: RelativePath) -> Bool {
        used += path.utf8.count + PathBudget.overhead
        return used <= PathBudget.limit
    }
}
