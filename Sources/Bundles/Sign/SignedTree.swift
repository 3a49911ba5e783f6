import Formats
import Manifests
import Storage

/// The files of a directory, or one file, that a signature may be of.
struct SignedTree {
    /// One of them.
    struct File: Sendable {
        /// Its path below the directory.
        let path: String
        /// Where it is read from, without a link.
        let location: String
        let status: FileStatus
    }

    private(set) var files: [File] = []
    /// What cannot be signed, and what could not be looked at.
    private(set) var findings: [Diagnostic] = []

    private let root: String
    private let statement: ModelStatement
    private let excluded: String?
    /// Every directory that holds a signed file.
    private let folders: Set<[UInt8]>

    /// Walks through a directory as the statement says: links are followed only where they were when it was
    /// signed, and what it leaves out is not looked at.
    ///
    /// - Parameters:
    ///   - root: a directory or a file; a link to one is followed.
    ///   - excluded: the signature itself, which may lie inside.
    init(_ root: String, _ statement: ModelStatement, excluding excluded: String?) throws {
        self.root = try Directory.realPath(root)
        self.statement = statement
        self.excluded = excluded.flatMap { try? Directory.realPath($0) }
        var folders: Set<[UInt8]> = []
        for file in statement.files {
            var folder = Path.parent(file.path)
            while folder != ".", folders.insert(Array(folder.utf8)).inserted { folder = Path.parent(folder) }
        }
        self.folders = folders
        let status = try FileStatus.status(of: self.root)
        if status.kind == .file {
            // Up to version 1.0 of model_signing a file was signed as ".".
            let name = statement.files.first?.path == "." ? "." : Path.name(self.root)
            files = [File(path: name, location: self.root, status: status)]
        } else {
            try walk("", self.root, depth: 0)
        }
    }

    private mutating func walk(_ folder: String, _ location: String, depth: Int) throws(FileError) {
        guard depth < 200 else { throw FileError("list", folder, code: 36) }
        for name in try Directory.names(in: location) {
            let path = folder.isEmpty ? name : "\(folder)/\(name)"
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

    private mutating func look(at path: String, _ location: String, _ depth: Int) throws(FileError) {
        if location == excluded { return }
        let status = try FileStatus.status(of: location)
        switch status.kind {
        case .file: files.append(File(path: path, location: location, status: status))
        case .directory: try walk(path, location, depth: depth + 1)
        case .link where statement.followsLinks:
            let target = try Directory.realPath(location)
            if target == excluded { return }
            let status = try FileStatus.status(of: target)
            if status.kind == .file {
                files.append(File(path: path, location: target, status: status))
            } else if folders.contains(Array(path.utf8)) {
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
