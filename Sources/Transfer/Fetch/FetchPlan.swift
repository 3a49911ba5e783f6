package import Formats
package import Manifests
import Storage

/// What a wish comes to: a revision of its source, and where each of its files is now.
package struct FetchPlan: Sendable {
    /// One file that is wanted. There may be 100,000 of them, so a file holds little.
    package struct File: Sendable {
        /// Its path in the source.
        package let path: RelativePath
        /// Its size in bytes.
        package let size: Int
        /// How many of its bytes have to be loaded; 0 for what is in the cache, and for what another file brings along.
        package let missing: Int
        /// How many bytes more its loading takes on the disk: of an archive what comes out, too, as far as it is known.
        package let room: Int
        /// What it has to be; `nil` where the whole file is in the cache under its name, and nothing has to be done.
        let identity: BlobIdentity?
        /// The name that Xet has for its content, if the service states one.
        let xetHash: SHA256Digest?
        /// Whether it is the archive of all files of a version, of which nobody may know what is in it; the path is only
        /// what it is called then.
        package let isArchive: Bool

        /// A file that has to be loaded, or at least to get its name.
        init(
            path: RelativePath, _ identity: BlobIdentity, missing: Int, xetHash: SHA256Digest? = nil,
            room: Int? = nil, isArchive: Bool = false
        ) {
            self.path = path
            size = identity.size
            self.missing = missing
            self.room = room ?? missing
            self.identity = identity
            self.xetHash = xetHash
            self.isArchive = isArchive
        }

        /// A file that is there.
        init(path: RelativePath, size: Int) {
            self.path = path
            self.size = size
            missing = 0
            room = 0
            identity = nil
            xetHash = nil
            isArchive = false
        }
    }

    /// The wish.
    package let wish: FetchWish
    /// The revision that the files are of.
    package let origin: Origin
    /// The files that are wanted, in the order of their paths.
    package let files: [File]
    /// What is worth knowing, and what hinders.
    package let findings: [Diagnostic]
    /// Where the files come from and where they go.
    let destination: any FetchDestination

    /// How many bytes have to be loaded.
    package var missing: Int { files.saturatedSum(\.missing) }
    /// How many bytes more the files take on the disk while they are loaded, at most as far as it is known.
    package var room: Int { files.saturatedSum(\.room) }
    /// The size of all files, in bytes.
    package var size: Int { files.saturatedSum(\.size) }
    /// The directory in which the files have their names.
    package var directory: String { destination.directory }
    /// The directory of the cache, which does not have to exist yet.
    package var cache: String { destination.cache }
}

/// What became of a plan.
package struct FetchResult: Sendable {
    /// The plan.
    package let plan: FetchPlan
    /// How many contents are in the cache now that were not, or not whole.
    package let loaded: Int
    /// How many bytes of them were loaded by this process.
    package let bytes: Int
    /// How many files of the plan are in the cache now; those of an archive are counted.
    package let files: Int
    /// What went wrong, and what is worth knowing.
    package let findings: [Diagnostic]
}
