import Formats
import Storage

/// The directory that CI checked the repository out into, from which the formats of CI name files.
struct SourceRoot: Sendable {
    /// Absolute, without links.
    let path: String
    private let current: String
    /// The root as its variable names it, where a link is part of that.
    private let given: String

    /// - Parameters:
    ///   - path: the root as it was named.
    ///   - current: the directory that relative paths start from, absolute and without links.
    init(_ path: String, current: String) {
        self.current = current
        given = Path.normalized(Path.join(current, path))
        self.path = (try? Directory.realPath(given)) ?? given
    }

    /// The root that GitHub Actions or GitLab name, else the current directory.
    init(_ environment: [String: String]) {
        let current = (try? Directory.current()) ?? "/"
        let named = ["GITHUB_WORKSPACE", "CI_PROJECT_DIR"].compactMap { environment[$0] }
        self.init(named.first { !$0.isEmpty } ?? current, current: current)
    }

    /// The path below the root; `nil` for what is not below it.
    func relative(_ file: String) -> String? {
        let absolute = Path.normalized(Path.join(current, file))
        for root in [path, given] where absolute != root && Path.isInside(absolute, root) {
            return String(
                decoding: absolute.utf8.dropFirst(root == "/" ? 1 : root.utf8.count + 1), as: UTF8.self)
        }
        return nil
    }

    /// The absolute path, without "." and "..".
    func absolute(_ file: String) -> String { Path.normalized(Path.join(current, file)) }

    /// A text without the names of this machine's directories, so that it is the same on another one.
    func portable(_ text: String) -> String {
        path == "/" ? text : text.replacing(path + "/", with: "").replacing(given + "/", with: "")
    }
}
