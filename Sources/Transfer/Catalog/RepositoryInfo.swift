import Formats

/// What a service states of one revision of a repository.
package struct RepositoryInfo: Sendable {
    /// What the service's scanners found.
    package struct Security: Equatable, Sendable {
        /// One file that a scanner found something in.
        package struct Issue: Equatable, Sendable {
            /// Its path, as one line.
            package let path: String
            /// How bad it is, in the service's words: "unsafe", "suspicious".
            package let level: String
        }

        /// Whether all files were looked at.
        package let isDone: Bool
        /// The files in which something was found.
        package let issues: [Issue]
    }

    /// The name, and what lists state of it, too.
    package var found: FoundRepository
    /// The commit, or the version.
    package var revision: String?
    /// Its page, for people.
    package var page: String
    /// The files, in the order of their paths.
    package var files: [RemoteFile] = []
    /// How many files have names that no file is written to.
    package var refused = 0
    /// What the service's scanners found; `nil` where it states nothing.
    package var security: Security?
    /// The day on which it was made.
    package var created: String?
    /// A line below its name.
    package var subtitle: String?
    /// The text that describes it, where that is no file of it; its first part.
    package var description: String?
    /// Whether the service has switched it off.
    package var isDisabled = false
    /// What its author answers for the state of its description, from 0 to 1: Kaggle's usability.
    package var usability: Double?
    /// Whether the list of files ends before all files are in it.
    package var isCut = false

    /// Begins with what lists state, and without files.
    init(_ found: FoundRepository, page: String) {
        self.found = found
        self.page = page
    }

    /// The size of all files in bytes, as far as it is stated.
    package var size: Int {
        files.saturatedSum { $0.size ?? 0 }
    }

    /// Takes the files of a list; those whose names are refused are counted.
    mutating func take(_ listed: [(name: String?, size: Int?)]) {
        var known: Set<RelativePath> = Set(files.map(\.path))
        for (name, size) in listed {
            guard let name, let path = RelativePath(name) else {
                refused += 1
                continue
            }
            if known.insert(path).inserted { files.append(RemoteFile(path: path, size: size)) }
        }
        files.sort { $0.path < $1.path }
    }
}
