package import Formats
package import Manifests
package import Storage

/// One file of a snapshot, with what its cache states of it. Nothing of it was read yet.
package struct CachedFile: Hashable, Sendable {
    /// The path in the snapshot.
    package let path: RelativePath
    /// The absolute path of the content, without any links, inside the cache or directory.
    package let location: String
    /// The status of the content at `location`.
    package let status: FileStatus
    /// What is known of the content, strongest first. All of it must hold.
    package let evidence: [Evidence]
    /// The size in bytes that the revision's tree gives; `nil` if there is no tree.
    package let expectedSize: Int?

    /// Whether nothing but a Xet hash states what the content is.
    package var isKnownByXetAlone: Bool { if case .xet? = evidence.first { true } else { false } }

    /// Describes a file that was found: its path in the snapshot, and its place, an absolute path without links.
    package init(
        path: RelativePath, location: String, status: FileStatus, evidence: [Evidence], expectedSize: Int?
    ) {
        self.path = path
        self.location = location
        self.status = status
        self.evidence = evidence
        self.expectedSize = expectedSize
    }
}

/// One revision as it is in a cache, or a directory.
package struct Snapshot: Sendable {
    /// A problem, and the files whose use makes it matter.
    package struct Problem: Sendable {
        /// What is wrong.
        package let diagnostic: Diagnostic
        /// The paths that it is about, as text, because a name may be what is wrong; empty where it is about the
        /// snapshot as a whole.
        package let paths: [String]

        /// States a problem of some paths, or of the snapshot as a whole.
        package init(_ diagnostic: Diagnostic, _ paths: [String] = []) {
            self.diagnostic = diagnostic
            self.paths = paths
        }
    }

    /// What it is a revision of, and which.
    package let origin: Origin
    /// The absolute path of the snapshot's directory, without links.
    package let directory: String
    /// The files that may be used, sorted by the bytes of their paths.
    package let files: [CachedFile]
    /// What `trees/<commit>.json` lists, by path; `nil` if there is no listing.
    package let listed: [RelativePath: TreeFile]?
    /// The problems, each with the files that it is about.
    package let found: [Problem]

    /// Everything that is wrong with it, of all its files. A refused file is missing in ``files``.
    package var problems: [Diagnostic] { found.map(\.diagnostic) }

    /// What is wrong with it for somebody who takes only some files: problems of files that are left out
    /// do not count.
    package func problems(taking accepts: (String) -> Bool) -> [Diagnostic] {
        found.filter { $0.paths.isEmpty || $0.paths.contains(where: accepts) }.map(\.diagnostic)
    }

    /// The same for somebody who takes only known files; a name that is refused is none of them.
    package func problems(takingFiles accepts: (RelativePath) -> Bool) -> [Diagnostic] {
        problems(taking: { RelativePath($0).map(accepts) ?? false })
    }

    /// The paths of all files, also of those that are refused: what is chosen among them is what would be taken if all
    /// were right.
    package var allPaths: [RelativePath] {
        let refused = found.flatMap { $0.paths.compactMap { RelativePath($0) } }
        return Set(files.map(\.path) + refused).sorted()
    }

    /// Describes what was found in a directory; the files are sorted by the bytes of their paths.
    package init(
        origin: Origin, directory: String, files: [CachedFile], listed: [RelativePath: TreeFile]? = nil,
        problems: [Problem]
    ) {
        self.origin = origin
        self.directory = directory
        self.files = files.sorted { $0.path < $1.path }
        self.listed = listed
        found = problems
    }

    /// The same with more problems.
    package func adding(_ problems: [Problem]) -> Snapshot {
        guard !problems.isEmpty else { return self }
        return Snapshot(
            origin: origin, directory: directory, files: files, listed: listed, problems: found + problems)
    }

    /// The bytes that the files hold, content that several of them share counted once.
    package var size: Int {
        var seen: Set<FileIdentity> = []
        var total = 0
        for file in files where seen.insert(FileIdentity(file.status)).inserted {
            total = total.addingReportingOverflow(file.status.size).partialValue
        }
        return total
    }
}

/// Which file it is, whatever it is called.
struct FileIdentity: Hashable {
    /// The number of the file system.
    private let device: UInt64
    /// The number of the file in it.
    private let inode: UInt64

    /// Takes the two numbers from what the kernel states.
    init(_ status: FileStatus) {
        device = status.device
        inode = status.inode
    }
}
