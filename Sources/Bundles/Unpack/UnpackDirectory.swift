import Caches
import Formats
import Manifests
import Storage

/// The directory of a target, in which no link is followed and nothing is replaced.
///
/// The whole of it is locked, so that two runs do not meet in it.
final class UnpackDirectory: Sendable {
    /// What is at a path.
    enum Found {
        /// Nothing, and nothing on the way that hinders.
        case nothing
        /// Something, as a name of a directory.
        case entry(OpenDirectory, String, FileStatus)
        /// Something on the way that is no directory.
        case blocked(Diagnostic)
    }

    /// What the user named, for messages and the form.
    let target: UnpackTarget
    /// Absolute and without links.
    let path: String
    /// The open directory, which is locked as long as this object lives.
    let root: OpenDirectory
    /// What was opened below it, so that very many files of one directory open it once.
    private let opened = OpenedDirectories()

    /// Makes the directory where it is missing, opens and locks it.
    ///
    /// - Parameter bundle: the bundle's directory, which must not change while it is read.
    init(_ target: UnpackTarget, outside bundle: String?) throws {
        self.target = target
        let named = Path.normalized(Path.join(try Directory.current(), target.path))
        if let bundle, Path.isInside(try UnpackDirectory.real(named), bundle) {
            throw Diagnostics(
                Diagnostic(
                    code: .targetInBundle, "\(target.path) is in the bundle, which is only read",
                    fix: "choose another directory for --\(target.form.rawValue)", verdict: .undecided))
        }
        do throws(FileError) {
            try Directory.make(named)
            path = try Directory.realPath(named)
            root = try OpenDirectory.opening(path)
        } catch {
            throw Diagnostics(
                Diagnostic(
                    code: .targetUnusable, "\(error)",
                    fix: "choose another directory for --\(target.form.rawValue)", verdict: .undecided))
        }
        guard try root.lockExclusively() else {
            throw Diagnostics(
                Diagnostic(
                    code: .unpackRunning, "another knapsack unpack is writing \(target.path)",
                    fix: "wait for it, or choose another --\(target.form.rawValue)", verdict: .undecided))
        }
    }

    /// Where a path will be, also while only the beginning of it exists.
    private static func real(_ path: String) throws(FileError) -> String {
        var rest: [String] = []
        var existing = path
        while existing != "/", try FileStatus.existing(existing) == nil {
            rest.append(Path.name(existing))
            existing = Path.parent(existing)
        }
        return Path.normalized(
            ([try Directory.realPath(existing)] + rest.reversed()).joined(separator: "/"))
    }

    /// What is at a path.
    func find(_ path: RelativePath) throws -> Found {
        if let parent = path.parent, let open = opened.directory(parent) {
            return try open.status(of: path.name).map { .entry(open, path.name, $0) } ?? .nothing
        }
        var directory = root
        var shown = ""
        let parts = path.components
        for (index, part) in parts.enumerated() {
            guard let status = try directory.status(of: part) else { return .nothing }
            if index == parts.count - 1 { return .entry(directory, part, status) }
            shown = shown.isEmpty ? part : "\(shown)/\(part)"
            guard status.kind == .directory else { return .blocked(obstacle(shown, status, path)) }
            directory = try directory.directory(part)
            opened.keep(directory, at: RelativePath(checked: shown))
        }
        return .nothing
    }

    /// Opens a directory below the target, and makes what is missing of it; the target itself where it is `nil`.
    func directory(making path: RelativePath?) throws -> OpenDirectory {
        guard let path else { return root }
        return try directory(making: path, for: path)
    }

    private func directory(making path: RelativePath, for wanted: RelativePath) throws -> OpenDirectory {
        if let open = opened.directory(path) { return open }
        var parent = root
        if let above = path.parent { parent = try self.directory(making: above, for: wanted) }
        let name = path.name
        try parent.makeDirectory(name)
        guard let status = try parent.status(of: name), status.kind == .directory else {
            throw Diagnostics(obstacle(path.text, try parent.status(of: name), wanted))
        }
        let own = try parent.directory(name)
        opened.keep(own, at: path)
        return own
    }

    /// Opens a directory that exists; `nil` where it does not or is none.
    func directory(existing path: RelativePath) -> OpenDirectory? {
        guard case .entry(let parent, let name, let status)? = try? find(path), status.kind == .directory
        else { return nil }
        return try? parent.directory(name)
    }

    /// Removes a directory of the target if it is empty.
    func removeEmptyDirectory(_ path: RelativePath) throws {
        opened.forget(path)
        if let parent = path.parent.map({ directory(existing: $0) }) ?? root {
            try parent.removeEmptyDirectory(path.name)
        }
    }

    /// Waits until the names in directories, and in all above them, are on the disk.
    func synchronize(_ paths: Set<RelativePath>) throws {
        var all = paths
        for path in paths { all.formUnion(path.ancestors) }
        for path in all { try directory(making: path).synchronize() }
        try root.synchronize()
    }

    private func obstacle(_ shown: String, _ status: FileStatus?, _ path: RelativePath) -> Diagnostic {
        let what = status?.kind == .link ? "a link, and no link in a target is followed" : "not a directory"
        return conflict(shown, "is \(what)", notes: ["needed for \(path)"])
    }

    /// Something that is in the way, and stays as it is.
    func conflict(_ path: RelativePath, _ clause: String, notes: [String] = []) -> Diagnostic {
        conflict(path.text, clause, notes: notes)
    }

    /// The same of a part of a path.
    func conflict(_ shown: String, _ clause: String, notes: [String] = []) -> Diagnostic {
        Diagnostic(
            code: .targetConflict, "\(FileWalk.shown(Path.join(path, shown))) \(clause)", notes: notes,
            fix: "move it away, or choose another directory for --\(target.form.rawValue)")
    }
}
