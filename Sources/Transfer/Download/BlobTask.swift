import Formats
import Storage

/// A blob that has to be in a cache, and the names that it has there.
struct BlobTask: Sendable {
    /// What it has to be.
    let identity: BlobIdentity
    /// Where its bytes come from.
    let source: any BlobSource
    /// Where its content is kept.
    let target: any BlobTarget
    /// The names that it gets; the first one is what sentences call it.
    let names: [any BlobName]
    /// What else the content has to be: the SHA-256 that a lock pins.
    let locked: SHA256Digest?

    /// One blob, where it comes from and what it is called; `locked` is the digest that a lock pins.
    init(
        _ identity: BlobIdentity, from source: any BlobSource, to target: any BlobTarget,
        as names: [any BlobName], locked: SHA256Digest?
    ) {
        self.identity = identity
        self.source = source
        self.target = target
        self.names = names
        self.locked = locked
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
