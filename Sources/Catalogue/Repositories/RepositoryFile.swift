package import Formats
package import Storage

/// One file of a commit: its path, and what names its content.
package struct RepositoryFile: Sendable, Equatable {
    /// The path in the repository.
    package let path: RelativePath
    /// The SHA-256 of the content, by which the store has it.
    package let sha256: SHA256Digest
    /// The size of the content in bytes.
    package let size: Int
    /// git's name of the content or, of a large file, of the pointer to it.
    package let git: GitBlobDigest
    /// Whether git has a pointer in place of the content (git-lfs).
    package let isLarge: Bool

    /// Describes a file that git has itself.
    /// - Parameter git: git's name of the content.
    package init(path: RelativePath, sha256: SHA256Digest, size: Int, git: GitBlobDigest) {
        self.path = path
        self.sha256 = sha256
        self.size = size
        self.git = git
        isLarge = false
    }

    /// Describes a large file.
    package init(large path: RelativePath, sha256: SHA256Digest, size: Int) throws(HashingFailure) {
        self.path = path
        self.sha256 = sha256
        self.size = size
        git = try GitObject.name(.blob, RepositoryFile.pointer(sha256, size: size))
        isLarge = true
    }

    /// Reads what a database keeps of one.
    init(path: RelativePath, sha256: SHA256Digest, size: Int, git: GitBlobDigest, isLarge: Bool) {
        self.path = path
        self.sha256 = sha256
        self.size = size
        self.git = git
        self.isLarge = isLarge
    }

    /// What git holds in place of the content of a large file (git-lfs, `docs/spec.md`).
    package static func pointer(_ digest: SHA256Digest, size: Int) -> [UInt8] {
        Array("version https://git-lfs.github.com/spec/v1\noid sha256:\(digest)\nsize \(size)\n".utf8)
    }
}

/// What a commit does to one path.
package enum RepositoryChange: Sendable, Equatable {
    /// A file is there from now on, whatever was at its path.
    case file(RepositoryFile)
    /// A file is there no more.
    case removal(RelativePath)
    /// Nothing is in a folder any more.
    case folderRemoval(RelativePath)
}

/// One commit of a repository.
package struct RepositoryCommit: Sendable, Equatable {
    /// The row in the database.
    let number: Int64
    /// git's name of it, 40 hexadecimal digits.
    package let name: String
    /// The name of the commit before it; `nil` for the first one.
    package let parent: String?
    /// The first line of what its author wrote.
    package let title: String
    /// The rest of it; may be empty.
    package let message: String
    /// Whose token it came with.
    package let author: String
    /// When it was made, in seconds since 1970.
    package let time: Int64
}

/// A branch or a tag.
package struct RepositoryRef: Sendable, Equatable {
    /// The name, which may have "/" in it.
    package let name: String
    /// The commit that it points at, 40 hexadecimal digits.
    package let commit: String
    /// Whether it stays where it is.
    package let isTag: Bool
}
