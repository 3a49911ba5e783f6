import Storage

/// Reads files that a bundle has in segments.
struct SegmentReader {
    /// The bundle's directory.
    let root: String

    /// Hashes the segments one after the other.
    ///
    /// - Parameter advanced: told the bytes that were read, block by block.
    func digest(
        of segments: [Segment], _ buffer: inout Buffer, advanced: (Int) -> Void
    ) throws -> SHA256Digest {
        var hasher = try ContentHasher()
        for segment in segments {
            let file = try FileHandle.reading(Path.join(root, segment.at))
            try file.read(segment.offset..<segment.offset + segment.length, into: &buffer) { bytes in
                try hasher.update(bytes)
                advanced(bytes.count)
            }
        }
        return try hasher.finish().sha256
    }
}
