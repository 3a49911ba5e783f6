package import Formats
package import Manifests
package import Storage

/// What somebody wants of a source.
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
    /// The source, with the branch, the tag, the commit or the version that is asked for.
    package let source: Source
    /// What a lock resolved the source to; it is not looked up then.
    package let pin: Origin?
    /// Which files are wanted.
    package let filter: FileFilter
    /// The files that a lock pins, none of which may be missing; `nil` without a lock.
    package let locked: [RelativePath: Content]?

    /// Puts a wish together.
    package init(
        subject: String, source: Source, pin: Origin? = nil, filter: FileFilter,
        locked: [RelativePath: Content]? = nil
    ) {
        self.subject = subject
        self.source = source
        self.pin = pin
        self.filter = filter
        self.locked = locked
    }
}
