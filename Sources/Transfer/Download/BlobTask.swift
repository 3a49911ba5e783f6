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
    private(set) var names: [any BlobName]
    /// What else the content has to be: the SHA-256 that a lock pins.
    private(set) var locked: SHA256Digest?

    /// A blob with one name.
    init(
        _ identity: BlobIdentity, from source: any BlobSource, to target: any BlobTarget,
        as name: any BlobName,
        locked: SHA256Digest?
    ) {
        self.identity = identity
        self.source = source
        self.target = target
        names = [name]
        self.locked = locked
    }

    /// Adds what another task wants of the same content in the same place.
    mutating func join(_ other: BlobTask) {
        names += other.names
        locked = locked ?? other.locked
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
