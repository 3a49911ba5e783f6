/// Paths as text, with "/" between the parts. Nothing here looks at the disk.
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

    /// Whether `path` is `directory` or lies below it, both absolute and without links.
    package static func isInside(_ path: String, _ directory: String) -> Bool {
        path == directory || directory == "/" || path.utf8.starts(with: (directory + "/").utf8)
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

    /// Why a relative path from a cache, a lock or an archive may not be used below a directory, or `nil`
    /// where it may: no empty part, no "." or "..", not absolute, no NUL and no control character.
    package static func problem(inRelative path: String) -> String? {
        if path.isEmpty { return "is empty" }
        if path.utf8.first == UInt8(ascii: "/") { return "is absolute" }
        if path.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) { return "has a control character" }
        if path.unicodeScalars.contains("\u{FFFD}") { return "is not valid UTF-8" }
        for part in Path.parts(path) {
            if part.isEmpty { return "has an empty part" }
            if part == "." || part == ".." { return "has a part \"\(part)\"" }
        }
        return nil
    }
}
