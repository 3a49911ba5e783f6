package import Storage

/// A file that a bundle does not store whole, and that must come out of its segments to the byte.
package struct SegmentedFile: Equatable, Sendable {
    /// "entry/path", for messages.
    package let name: String
    /// The size of the rebuilt file in bytes.
    package let size: Int
    /// The SHA-256 of the rebuilt file.
    package let sha256: SHA256Digest
    /// The ranges of stored files that make the file, in its order.
    package let segments: [Segment]
    /// Whether the one range is all of the stored file.
    package let isWhole: Bool

    /// Describes a file by what it is rebuilt from.
    package init(
        name: String, size: Int, sha256: SHA256Digest, segments: [Segment], isWhole: Bool = false
    ) {
        self.isWhole = isWhole
        self.name = name
        self.size = size
        self.sha256 = sha256
        self.segments = segments
    }
}
