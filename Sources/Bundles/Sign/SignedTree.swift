import Formats
import Glibc
import Manifests
import Storage

/// The files of a directory, or one file, that a signature may be of.
struct SignedTree {
    /// One of them.
    struct File: Sendable {
        /// Its path below the directory; `nil` for the model itself, where it is one file that is signed as ".".
        let path: RelativePath?
        /// Where it is read from, without a link.
        let location: String
        /// What the kernel states of the file at ``location``.
        let status: FileStatus
    }

    /// The regular files that were found, in the order of the walk; what the statement leaves out is not among them.
    private(set) var files: [File] = []
    /// What cannot be signed, and what could not be looked at.
    private(set) var findings: [Diagnostic] = []

    private let root: String
    private let statement: ModelStatement
    private let excluded: String?
    /// Every directory that holds a signed file.
    private let folders: Set<RelativePath>

    /// Walks through a directory as the statement states: links are followed only where they were when it was
    /// signed, and what it leaves out is not looked at.
    ///
    /// - Parameters:
    ///   - root: a directory or a file; a link to one is followed.
    ///   - excluded: the signature itself, which may be inside.
    static func list(_ root: String, _ statement: ModelStatement, excluding excluded: String?) throws
        -> SignedTree
    {
        try SignedTree(root, statement, excluding: excluded)
    }

    private init(_ root: String, _ statement: ModelStatement, excluding excluded: String?) throws {
        self.root = try Directory.realPath(root)
        self.statement = statement
        self.excluded = excluded.flatMap { try? Directory.realPath($0) }
        var folders: Set<RelativePath> = []
        for file in statement.files {
            var folder = file.path?.parent
            while let next = folder, folders.insert(next).inserted { folder = next.parent }
        }
        self.folders = folders
        let status = try FileStatus.status(of: self.root)
        if status.kind == .file {
            // Up to version 1.0 of model_signing a file was signed as ".".
            let isSignedByName = statement.files.first.map { $0.path != nil } ?? true
            let name = isSignedByName ? RelativePath(Path.name(self.root)) : nil
            files = [File(path: name, location: self.root, status: status)]
        } else {
            try walk(nil, self.root, depth: 0)
        }
    }

    private mutating func walk(_ folder: RelativePath?, _ location: String, depth: Int) throws(FileError) {
        guard depth < 200 else { throw FileError("list", location, code: ENAMETOOLONG) }
        for name in try Directory.names(in: location) {
            guard let path = folder.map({ $0.appending(component: name) }) ?? RelativePath(name) else {
                refuse(name, in: folder)
                continue
            }
            guard !statement.ignores(path) else { continue }
            do throws(FileError) {
                try look(at: path, Path.join(location, name), depth)
            } catch {
                findings.append(
                    Diagnostic(
                        code: .unreadable, "\(path) could not be read", notes: ["\(error)"],
                        verdict: .undecided))
            }
        }
    }

    /// A name that no statement can have.
    private mutating func refuse(_ name: String, in folder: RelativePath?) {
        let path = folder.map { "\($0)/\(name)" } ?? name
        findings.append(
            Diagnostic(
                code: .unsigned,
                "\(path.quoted) is not signed: its name \(RelativePath.problem(name) ?? "is refused")",
                fix: "remove it, or rename it and have all of it signed again"))
    }

    private mutating func look(at path: RelativePath, _ location: String, _ depth: Int) throws(FileError) {
        if let excluded, location.hasSameBytes(as: excluded) { return }
        let status = try FileStatus.status(of: location)
        switch status.kind {
        case .file: files.append(File(path: path, location: location, status: status))
        case .directory: try walk(path, location, depth: depth + 1)
        case .link where statement.followsLinks:
            let target = try Directory.realPath(location)
            if let excluded, target.hasSameBytes(as: excluded) { return }
            let status = try FileStatus.status(of: target)
            if status.kind == .file {
                files.append(File(path: path, location: target, status: status))
            } else if folders.contains(path) {
                // model_signing signs nothing behind links to directories, others may.
                try walk(path, target, depth: depth + 1)
            }
        case .link, .other:
            findings.append(
                Diagnostic(
                    code: .unsigned, "\(path) is a link or a device, and only files were signed",
                    fix: "remove it"))
        }
    }
}
