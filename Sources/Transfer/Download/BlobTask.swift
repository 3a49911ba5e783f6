import Formats
import Storage

/// A blob that has to be in a cache, and the names that it has there.
struct BlobTask: Sendable {
    /// What it has to be, as far as it is known.
    let identity: BlobIdentity
    /// Where its bytes come from.
    let source: any BlobSource
    /// Where its content is kept.
    let target: any BlobTarget
    /// The names that it gets; the first one is what sentences call it.
    let names: [any BlobName]
    /// What else the content has to be: the SHA-256 that a lock pins.
    let locked: SHA256Digest?
    /// How many of its bytes the whole work counts as missing.
    let missing: Int

    /// One blob, where it comes from and what it is called; `locked` is the digest that a lock pins.
    /// - Parameter missing: how many bytes are to be loaded; `nil` for all.
    init(
        _ identity: BlobIdentity, from source: any BlobSource, to target: any BlobTarget,
        as names: [any BlobName], locked: SHA256Digest?, missing: Int? = nil
    ) {
        self.identity = identity
        self.source = source
        self.target = target
        self.names = names
        self.locked = locked
        self.missing = missing ?? identity.size
    }

    /// The same task with all that its source knows of what the blob has to be.
    func resolved() throws -> BlobTask {
        let all = try source.patience.again { try source.identity(identity) }
        return BlobTask(
            all, from: source, to: target, as: names, locked: source.isPacked ? nil : locked, missing: missing
        )
    }

    /// The content's size in bytes.
    var size: Int { identity.size }
    /// The path of the content.
    var path: String { target.path }
    /// What to call it.
    var name: String { names.first?.text ?? path }
}

/// How a blob came to be in the cache, or not.
enum BlobOutcome: Sendable {
    /// It was loaded, or the rest of it was.
    case loaded
    /// Another process loaded it, or the cache had it elsewhere.
    case found
    /// The first load had wrong bytes at these places, which came right the second time.
    case mended([Range<Int>])
    /// It is not there.
    case failed(any Error)
    /// Another process is loading it.
    case busy
}
