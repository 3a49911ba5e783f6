package import Storage

/// Computes the Xet hash of a file while its bytes are read in order, in constant memory.
package struct XetFileHasher: Sendable {
    private var chunker = Chunker()
    private var tree = ChunkTree()
    /// The bytes of the open chunk that came with earlier calls.
    private var open: [UInt8] = []

    /// Starts on a file.
    package init() {}

    /// The Xet hash of bytes in memory.
    package static func hash(_ bytes: Span<UInt8>) -> XetHash {
        var hasher = XetFileHasher()
        hasher.update(bytes)
        return hasher.finish()
    }

    /// Feeds the next bytes.
    package mutating func update(_ bytes: Span<UInt8>) {
        var start = 0
        while start < bytes.count {
            let rest = bytes.extracting(start..<bytes.count)
            guard let end = chunker.end(in: rest) else {
                keep(rest)
                return
            }
            let chunk = rest.extracting(0..<end)
            if open.isEmpty {
                tree.add(.chunk(chunk), size: end)
            } else {
                keep(chunk)
                tree.add(.chunk(open.span), size: open.count)
                open.removeAll(keepingCapacity: true)
            }
            start += end
        }
    }

    private mutating func keep(_ bytes: Span<UInt8>) {
        open.reserveCapacity(Chunker.largest)
        // SAFETY: the bytes are only read, while they are lent.
        unsafe bytes.withUnsafeBufferPointer { unsafe open.append(contentsOf: $0) }
    }

    /// The hash of all that was fed.
    package consuming func finish() -> XetHash {
        if !open.isEmpty { tree.add(.chunk(open.span), size: open.count) }
        return tree.fileHash()
    }
}
