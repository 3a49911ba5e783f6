import Formats

/// What all paths of an archive may take together, written or read: the reader keeps each one, to find
/// duplicates, and a zip's directory holds each one with about 90 bytes more.
struct PathBudget {
    /// The most bytes of all paths, each counted with ``overhead``; about half a million files.
    static let limit = 1 << 26
    private static let overhead = 96
    /// The longest path in bytes: Linux opens no longer one (`PATH_MAX`).
    static let longestPath = 4095

    private var used = 0

    /// Why a path may not be in an archive, or `nil`.
    static func problem(_ path: String) -> String? {
        if let problem = Path.problem(inRelative: path) { return "the path \(problem)" }
        return path.utf8.count > longestPath ? "the path is longer than \(longestPath) bytes" : nil
    }

    /// Counts a path.
    /// - Returns: whether it still fits.
    mutating func take(_ path: String) -> Bool {
        used += path.utf8.count + PathBudget.overhead
        return used <= PathBudget.limit
    }
}
