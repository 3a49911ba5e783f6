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

    /// Why a path may not be in an archive.
    struct Refusal: Error {
        /// A clause that goes on after the path.
        let reason: String
    }

    /// The path that a text is, where it may be in an archive.
    static func checked(_ text: String) throws(Refusal) -> RelativePath {
        guard let path = RelativePath(text) else {
            throw Refusal(reason: "the path \(RelativePath.problem(text) ?? "is refused")")
        }
        try check(path)
        return path
    }

    /// Refuses a path that is too long.
    static func check(_ path: RelativePath) throws(Refusal) {
        guard path.utf8.count <= longestPath else {
            throw Refusal(reason: "the path is longer than \(longestPath) bytes")
        }
    }

    /// Counts a path.
    /// - Returns: whether it still fits.
    mutating func take(_ path: RelativePath) -> Bool {
        used += path.utf8.count + PathBudget.overhead
        return used <= PathBudget.limit
    }
}
