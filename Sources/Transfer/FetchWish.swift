package import Formats
package import Manifests
package import Storage

/// What somebody wants of a repository of the Hub.
package struct FetchWish: Sendable {
    /// What a lock states of a file.
    package struct Content: Equatable, Sendable {
        /// The size in bytes.
        package let size: Int
        /// The SHA-256 of the content.
        package let sha256: SHA256Digest

        /// Takes what a lock states.
        package init(size: Int, sha256: SHA256Digest) {
            self.size = size
            self.sha256 = sha256
        }
    }

    /// What begins sentences about it: an entry's name, or a source.
    package let subject: String
    /// The repository.
    package let repository: HubRepository
    /// The branch, the tag or the commit that is asked for.
    package let revision: String
    /// The commit that a lock pins; the revision is not looked up then.
    package let pin: String?
    /// Which files are wanted.
    package let filter: FileFilter
    /// The files that a lock pins, none of which may be missing; `nil` without a lock.
    package let locked: [RelativePath: Content]?

    /// Puts a wish together.
    package init(
        subject: String, repository: HubRepository, revision: String, pin: String? = nil, filter: FileFilter,
        locked: [RelativePath: Content]? = nil
    ) {
        self.subject = subject
        self.repository = repository
        self.revision = revision
        self.pin = pin
        self.filter = filter
        self.locked = locked
    }
}

/// What a wish comes to: a commit, and where each of its files is now.
package struct FetchPlan: Sendable {
    /// One file that is wanted.
    package struct File: Sendable {
        /// Its path in the repository.
        package let path: RelativePath
        /// Its size in bytes.
        package let size: Int
        /// How many of its bytes have to be loaded; 0 for what is in the cache.
        package let missing: Int
        let identity: BlobIdentity?
        let xetHash: String?
        let needsLink: Bool

        /// Whether the whole file is in the cache.
        package var isThere: Bool { missing == 0 && !needsLink }
    }

    /// The wish.
    package let wish: FetchWish
    /// The commit that the files are of.
    package let commit: String
    /// The files that are wanted, in the order of their paths.
    package let files: [File]
    /// What is worth knowing, and what hinders.
    package let findings: [Diagnostic]
    /// What the Hub lists; `nil` where nobody had to ask, because all that a lock pins is there.
    let listing: HubListing?

    /// How many bytes have to be loaded.
    package var missing: Int { files.reduce(0) { $0 + $1.missing } }
    /// The size of all files, in bytes.
    package var size: Int { files.reduce(0) { $0 + $1.size } }
}

/// What became of a plan.
package struct FetchResult: Sendable {
    /// The plan.
    package let plan: FetchPlan
    /// How many files are in the cache now that were not, or not whole.
    package let loaded: Int
    /// What went wrong, and what is worth knowing.
    package let findings: [Diagnostic]
    /// The snapshot's directory.
    package let directory: String
}
