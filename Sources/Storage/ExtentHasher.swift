/// A range of a file with the SHA-256 of its bytes.
package struct ExtentDigest: Hashable, Sendable {
    /// Where the range is stored, in bytes from the start of the file.
    package let bytes: Range<Int>
    /// The digest of its bytes.
    package let sha256: SHA256Digest

    /// Puts a range and its digest together.
    package init(bytes: Range<Int>, sha256: SHA256Digest) {
        self.bytes = bytes
        self.sha256 = sha256
    }
}

/// Hashes ranges of a file while it is read from front to back, each by itself.
package struct ExtentHasher: ~Copyable {
    private let extents: [Range<Int>]
    private var next = 0
    private var position = 0
    private var current: ContentHasher?
    private var done: [ExtentDigest] = []

    /// Starts on a file.
    ///
    /// - Parameter extents: not empty, in order, and without overlap.
    package init(_ extents: [Range<Int>]) {
        self.extents = extents
        current = nil
        done.reserveCapacity(extents.count)
    }

    /// Feeds the next bytes of the file.
    package mutating func update(_ bytes: Span<UInt8>) throws(HashingFailure) {
        let end = position + bytes.count
        while next < extents.count, extents[next].lowerBound < end {
            let extent = extents[next]
            var hasher: ContentHasher
            if let running = current.take() { hasher = running } else { hasher = try ContentHasher() }
            let part = max(extent.lowerBound, position)..<min(extent.upperBound, end)
            try hasher.update(bytes.extracting(part.lowerBound - position..<part.upperBound - position))
            if extent.upperBound <= end {
                done.append(ExtentDigest(bytes: extent, sha256: try hasher.finish().sha256))
                next += 1
            } else {
                current = consume hasher
                break
            }
        }
        position = end
    }

    /// The digests of the ranges that were read to their ends, in order.
    package consuming func finish() -> [ExtentDigest] { done }
}
