import Formats
import Manifests
import Storage

/// A blob that has to be in the cache, and the files that it is.
struct BlobTask: Sendable {
    /// A file of a commit.
    struct Place: Hashable, Sendable {
        let commit: String
        let path: RelativePath
    }

    let identity: BlobIdentity
    let repository: HubRepository
    /// The file that it is asked for as.
    let first: Place
    /// The other files that have this content.
    var others: [Place] = []
    /// What else the content has to be: the SHA-256 that a lock pins.
    var locked: SHA256Digest?
    /// The name of the content in Xet, under which the shared store may have it.
    let xetHash: String?
    let cache: HubCacheWriter
    let store: SharedStore?

    /// The content's size in bytes.
    var size: Int { identity.size }
    /// The path of the blob's file.
    var path: String { cache.blob(identity.name) }
    /// What to call it.
    var name: String { first.path.text }
}

/// Why one file was not loaded, though the Hub gives it.
package struct TransferFailure: Error, Equatable, Sendable {
    /// The kinds.
    package enum Kind: Equatable, Sendable {
        /// The same bytes came twice, and they are not what the Hub lists.
        case wrongContent
        /// Other bytes came the second time, and neither are what the Hub lists.
        case unstableContent(Range<Int>)
        /// The content is what the Hub lists, and not what the lock pins.
        case notAsLocked(found: String, expected: String)
        /// The server states another etag or size than the Hub lists.
        case changed(String)
        /// The network failed again and again.
        case network(String)
        /// The disk failed, or nothing more is known.
        case other(String)
    }

    /// What kind it is.
    package let kind: Kind
    /// The file, as the Hub names it.
    package let file: String
}

/// How a blob came to be in the cache, or not.
enum BlobOutcome: Sendable {
    /// It was loaded, or the rest of it was.
    case loaded
    /// Another process loaded it, or the shared store had it.
    case found
    /// The first load had wrong bytes at these places, which came right the second time.
    case mended([Range<Int>])
    /// It is not there.
    case failed(any Error)
    /// Another process is loading it.
    case busy
}
