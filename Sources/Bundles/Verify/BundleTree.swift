import Formats
import Glibc
import Manifests
import Storage

/// What is in a bundle's directory: regular files, and what does not belong into a bundle at all.
struct BundleTree {
    /// The regular files by their paths.
    private(set) var files: [RelativePath: FileStatus] = [:]
    /// Links, devices and directories that cannot be read.
    private(set) var findings: [Diagnostic] = []
    /// The paths that the findings are about.
    private(set) var others: [String] = []
    /// The directories that nothing is in: no bundle has any.
    private(set) var emptyDirectories: [String] = []

    private let root: String
    /// The directory as it was named.
    private let shown: String

    /// Walks the directory without following a link inside it; the directory itself may be one.
    static func list(_ directory: String) throws -> BundleTree {
        try BundleTree(directory)
    }

    private init(_ directory: String) throws {
        do {
            root = try Directory.realPath(named: directory)
        } catch {
            throw Diagnostics(notADirectory: directory, error)
        }
        shown = directory
        try walk("", depth: 0)
    }

    private mutating func walk(_ folder: String, depth: Int) throws {
        let names: [String]
        do {
            guard depth < 200 else { throw FileError("list", folder, code: ENAMETOOLONG) }
            names = try Directory.names(in: Path.join(root, folder))
        } catch let error as FileError {
            if folder.isEmpty {
                throw Diagnostics(notADirectory: shown, error)
            }
            others.append(folder)
            findings.append(Diagnostic(code: .unreadable, "\(error)", verdict: .undecided))
            return
        }
        if names.isEmpty, !folder.isEmpty { emptyDirectories.append(folder) }
        for name in names {
            let path = folder.isEmpty ? name : "\(folder)/\(name)"
            do {
                let status = try FileStatus.status(of: Path.join(root, path))
                switch status.kind {
                case .file:
                    if let path = RelativePath(path) {
                        files[path] = status
                    } else {
                        others.append(path)
                        findings.append(BundleComparison.extra(path))
                    }
                case .directory: try walk(path, depth: depth + 1)
                case .link, .other:
                    others.append(path)
                    findings.append(
                        Diagnostic(
                            code: .notAFile, "\(path) is a link or a device, and bundles have only files",
                            fix: "pack the bundle again"))
                }
            } catch let error as FileError {
                others.append(path)
                findings.append(
                    Diagnostic(
                        code: .unreadable, "\(path) could not be read", notes: ["\(error)"],
                        verdict: .undecided))
            }
        }
    }
}
