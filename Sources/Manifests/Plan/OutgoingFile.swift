package import Formats
package import Storage

/// One file of a bundle that is sent to a service: what it is, and where its bytes are now.
package struct OutgoingFile: Equatable, Sendable {
    /// Where the bytes are.
    package enum Content: Equatable, Sendable {
        /// In memory.
        case bytes([UInt8])
        /// In a file: these ranges of it one after another, or all of it.
        case file(String, ranges: [Range<Int>]?)
    }

    /// The path in the bundle.
    package let path: RelativePath
    /// The size in bytes.
    package let size: Int
    /// The digest that the lock, or `SHA256SUMS`, states.
    package let sha256: SHA256Digest
    /// Where the bytes are.
    package let content: Content

    /// Takes a file whose bytes nobody has looked at.
    package init(path: RelativePath, size: Int, sha256: SHA256Digest, content: Content) {
        self.path = path
        self.size = size
        self.sha256 = sha256
        self.content = content
    }
}

extension Manifest {
    /// What a lock alone states of the manifest that it was made from: its `[bundle]` table, without policy and entries.
    /// - Parameter path: the lock's path, where findings are shown.
    package static func of(_ lock: Lock, path: String) -> Manifest {
        Manifest(path: path, bundle: lock.bundle, policy: .none, entries: [])
    }
}
