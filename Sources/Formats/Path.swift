/// Paths as the user or the system names them, with "/" between the parts: absolute or seen from the current
/// directory. Nothing here looks at the disk. A path below a known directory is a ``RelativePath``.
package enum Path {
    /// All but the last part: "/" for "/x", "." for "x".
    package static func parent(_ path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// The last part.
    package static func name(_ path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return path }
        return String(path[path.utf8.index(after: slash)...])
    }

    /// `path` as it is where it is absolute, else below `directory`.
    package static func join(_ directory: String, _ path: String) -> String {
        if path.utf8.first == UInt8(ascii: "/") { return path }
        if path.isEmpty || path == "." { return directory }
        return directory.utf8.last == UInt8(ascii: "/") ? directory + path : directory + "/" + path
    }

    /// Whether `path` is `directory` or is below it, both absolute and without links.
    package static func isInside(_ path: String, _ directory: String) -> Bool {
        path.hasSameBytes(as: directory) || directory == "/" || path.utf8.starts(with: (directory + "/").utf8)
    }

    /// The parts between slashes, empty ones included, cut by bytes as the kernel does it: in a Swift string
    /// a slash and a combining mark after it are one character, which no "/" would match.
    package static func parts(_ path: String) -> [Substring] {
        path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map(Substring.init)
    }

    /// Without "." and ".." and doubled slashes, by the text alone: "a/../b" is "b" whatever "a" is.
    package static func normalized(_ path: String) -> String {
        let absolute = path.utf8.first == UInt8(ascii: "/")
        var parts: [Substring] = []
        for part in Path.parts(path) where part != "." && !part.isEmpty {
            if part == "..", let last = parts.last, last != ".." {
                parts.removeLast()
            } else if part != ".." || !absolute {
                parts.append(part)
            }
        }
        let text = parts.joined(separator: "/")
        return absolute ? "/" + text : text.isEmpty ? "." : text
    }
}
