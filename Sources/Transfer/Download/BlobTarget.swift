import Storage

/// Where a cache keeps the content of a blob.
protocol BlobTarget: Sendable {
    /// The path that the content gets when it is proved.
    var path: String { get }

    /// The file that everybody locks who loads the content.
    var lockPath: String { get }

    /// Takes the lock.
    /// - Returns: `nil` where another process has it.
    func lock() throws(FileError) -> FileHandle?

    /// Who takes the content while it is loaded; `nil` where it is kept at ``path``.
    var consumer: (any BlobConsumer)? { get }

    /// Takes content that the cache has in another place, if it is what the blob has to be.
    ///
    /// - Parameter buffer: where the content is read into.
    /// - Returns: whether the content is at ``path`` now.
    func takeFromElsewhere(_ identity: BlobIdentity, _ buffer: inout Buffer) throws -> Bool
}

extension BlobTarget {
    /// Content that is kept as it is.
    var consumer: (any BlobConsumer)? { nil }

    /// A directory of locks that is always there.
    func lock() throws(FileError) -> FileHandle? { try FileHandle.sharedLock(lockPath) }

    /// A cache that has one place for everything.
    func takeFromElsewhere(_ identity: BlobIdentity, _ buffer: inout Buffer) throws -> Bool { false }
}

/// One of the names that a cache has for a blob.
protocol BlobName: Sendable {
    /// What sentences call it: the file's path in its source.
    var text: String { get }

    /// Gives the name to content that is proved and at its target.
    func publish() throws
}
