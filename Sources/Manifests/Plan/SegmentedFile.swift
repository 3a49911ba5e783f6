package import Storage

/// A file that a bundle does not store whole, and that must come out of its segments to the byte.
package struct SegmentedFile: Equatable, Sendable {
    /// "entry/path", for messages.
    package let name: String
    package let size: Int
    package let sha256: SHA256Digest
    package let segments: [Segment]

    /// Makes a value from its parts.
    package init(name: String, size: Int, sha256: SHA256Digest, segments: [Segment]) {
        self.name = name
        self.size = size
        self.sha256 = sha256
        self.segments = segments
    }
}
