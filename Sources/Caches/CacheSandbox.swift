import Formats
import Glibc
import Storage

/// One directory tree that is read, and out of which no link is followed.
///
/// Paths are walked step by step, so that a link in the middle of a path cannot lead out either.
package struct CacheSandbox {
    /// Why a path leads to nothing that may be read.
    enum Refusal: Error {
        /// The link leads out of the tree.
        case leaves(link: String, text: String)
        /// Nothing is at the path that was reached.
        case missing(String)
        /// Links lead in a circle.
        case loops(String)
        /// The kernel refused.
        case unreadable(FileError)
    }

    /// What a path leads to.
    package struct Place {
        /// The absolute path without links.
        let path: String
        /// What the kernel states of what is at ``path``.
        let status: FileStatus
        /// Every link on the way, and at the end what was reached.
        let steps: [String]
    }

    /// The tree's directory: absolute, without links.
    let root: String
    /// The same as it was named, absolute: how absolute links into the tree may spell it.
    private let spelling: String
    /// Directories that were seen to be directories and no links.
    private var known: Set<ExactName> = []
    /// The directory that the last link led into: nearly all links of a directory lead into the same.
    private var last: (from: [UInt8], text: [UInt8], target: String)?

    /// The most links on one way, as in Linux.
    private static let linkLimit = 40
    private static let slash = UInt8(ascii: "/")

    /// Opens the tree at a path, which may itself be a link. An empty path is the current directory.
    init(_ directory: String) throws(FileError) {
        let given = directory.isEmpty ? "." : directory
        guard !given.utf8.contains(0) else { throw FileError("open", given, code: EINVAL) }
        // With "/" at the end the kernel takes nothing but a directory.
        root = try Directory.realPath(given + "/")
        spelling = Path.normalized(Path.join(try Directory.current(), given))
    }

    /// What a relative path leads to, seen from a directory in the tree whose own path has no links.
    mutating func place(_ path: String, in directory: String) throws(Refusal) -> Place {
        var current = directory
        var depth = depth(of: directory)
        var pending: [String] = CacheSandbox.parts(path).reversed()
        var steps: [String] = []
        var link = (path: directory, text: path)
        while let part = pending.popLast() {
            if part == "." { continue }
            if part == ".." {
                guard depth > 0 else { throw .leaves(link: link.path, text: link.text) }
                current = Path.parent(current)
                depth -= 1
                continue
            }
            let next = Path.join(current, part)
            if !pending.isEmpty, known.contains(ExactName(next)) {
                current = next
                depth += 1
                continue
            }
            let status = try CacheSandbox.status(next)
            if pending.isEmpty, status.kind != .link {
                return Place(path: next, status: status, steps: steps + [next])
            }
            switch status.kind {
            case .directory:
                known.insert(ExactName(next))
                current = next
                depth += 1
            case .link:
                guard steps.count < CacheSandbox.linkLimit else { throw .loops(next) }
                steps.append(next)
                var text = try CacheSandbox.linkText(next)
                link = (next, text)
                if pending.isEmpty, let place = try followed(text, from: current, steps) { return place }
                if text.utf8.first == CacheSandbox.slash {
                    guard let inside = inside(text) else { throw .leaves(link: next, text: text) }
                    text = inside
                    current = root
                    depth = 0
                }
                pending += CacheSandbox.parts(text).reversed()
            case .file, .other:
                throw .missing(Path.join(next, pending.reversed().joined(separator: "/")))
            }
        }
        return Place(path: current, status: try CacheSandbox.status(current), steps: steps + [current])
    }

    /// What a link leads to whose text goes over directories alone; `nil` where it must be walked.
    private mutating func followed(
        _ text: String, from directory: String, _ steps: [String]
    ) throws(Refusal) -> Place? {
        let bytes = Array(text.utf8)
        guard bytes.first != CacheSandbox.slash, let end = bytes.lastIndex(of: CacheSandbox.slash) else {
            return nil
        }
        let (above, name) = (Array(bytes[..<end]), bytes[(end + 1)...])
        guard !name.isEmpty, !name.isText("."), !name.isText("..") else { return nil }
        let from = Array(directory.utf8)
        let target: String
        if let last, last.text == above, last.from == from {
            target = last.target
        } else {
            guard let walked = descend(String(decoding: above, as: UTF8.self), from: directory) else {
                return nil
            }
            target = walked
            last = (from, above, target)
        }
        let path = Path.join(target, String(decoding: name, as: UTF8.self))
        let status = try CacheSandbox.status(path)
        return status.kind == .link ? nil : Place(path: path, status: status, steps: steps + [path])
    }

    /// The directory that a path over directories leads to; `nil` if there is a link or nothing on the
    /// way, or where it leads out of the tree.
    private mutating func descend(_ path: String, from directory: String) -> String? {
        var current = directory
        var depth = depth(of: directory)
        for part in CacheSandbox.parts(path) where part != "." {
            if part == ".." {
                guard depth > 0 else { return nil }
                current = Path.parent(current)
                depth -= 1
                continue
            }
            current = Path.join(current, part)
            depth += 1
            if known.contains(ExactName(current)) { continue }
            guard (try? CacheSandbox.status(current))?.kind == .directory else { return nil }
            known.insert(ExactName(current))
        }
        return current
    }

    /// What a path below the tree's directory leads to.
    mutating func place(_ path: String) throws(Refusal) -> Place { try place(path, in: root) }

    /// What a path below the tree's directory leads to, or `nil` where it leads nowhere.
    mutating func existing(_ path: String) -> Place? { try? place(path) }

    /// How many directories a directory of the tree is below the tree's own.
    private func depth(of directory: String) -> Int {
        func slashes(_ path: String) -> Int {
            path == "/" ? 0 : path.utf8.count { $0 == CacheSandbox.slash }
        }
        return slashes(directory) - slashes(root)
    }

    /// An absolute path of the tree seen from the tree's directory; `nil` where it is not in the tree.
    private func inside(_ path: String) -> String? {
        for prefix in [root, spelling] {
            let start = prefix == "/" ? prefix : prefix + "/"
            if path.utf8.starts(with: start.utf8) {
                return String(Substring(path.utf8.dropFirst(start.utf8.count)))
            }
        }
        return nil
    }

    /// The parts of a path as the kernel sees them. Splitting at the character "/" would not do: a
    /// combining mark after it makes another character of it.
    ///
    /// A path that ends in "/" keeps a "." there, because it can only lead to a directory.
    private static func parts(_ path: String) -> [String] {
        let all = path.utf8.split(separator: slash).map { String(Substring($0)) }
        let ends = path.utf8.last == slash || all.last == "."
        return all.filter { $0 != "." } + (ends ? ["."] : [])
    }

    private static func status(_ path: String) throws(Refusal) -> FileStatus {
        guard !path.utf8.contains(0) else { throw .missing(path) }
        do throws(FileError) {
            return try FileStatus.status(of: path)
        } catch {
            throw error.isMissing ? .missing(path) : .unreadable(error)
        }
    }

    private static func linkText(_ path: String) throws(Refusal) -> String {
        do throws(FileError) {
            return try Directory.linkText(path)
        } catch {
            throw .unreadable(error)
        }
    }
}
