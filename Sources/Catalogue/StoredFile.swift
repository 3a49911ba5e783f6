package import Formats
package import Storage

/// One file of a version: its place seen from outside, and its content.
package struct StoredFile: Sendable, Equatable {
    /// The path in the version.
    package let path: RelativePath
    /// The content.
    package let content: StoredContent

    /// Names a content.
    package init(path: RelativePath, content: StoredContent) {
        self.path = path
        self.content = content
    }
}

/// What names content in the store, and what a zip states of it.
package struct StoredContent: Sendable, Equatable {
    /// The SHA-256, by which it is stored once.
    package let sha256: SHA256Digest
    /// The size in bytes.
    package let size: Int
    /// The checksum.
    package let crc32: UInt32

    /// Describes content.
    package init(sha256: SHA256Digest, size: Int, crc32: UInt32) {
        self.sha256 = sha256
        self.size = size
        self.crc32 = crc32
    }
}
