package import Formats

/// Makes pieces of a file of a part's bytes while they arrive, in memory that neither the part nor the file decides.
package struct PartReader: Sendable {
    /// Bytes of the file.
    package struct Piece: Equatable, Sendable {
        /// Where they are in the file.
        package let offset: Int
        /// The bytes.
        package let bytes: ArraySlice<UInt8>
    }

    private let plan: PartPlan
    private var stream: ChunkStream
    /// The next chunk, counted in the xorb.
    private var chunk: Int
    /// How many bytes of each use have come.
    private var counts: [Int]

    /// Starts on a part.
    package init(_ plan: PartPlan) {
        self.plan = plan
        stream = ChunkStream(chunks: plan.part.chunks.count)
        chunk = plan.part.chunks.lowerBound
        counts = plan.uses.map { _ in 0 }
    }

    /// Takes bytes that follow. Whoever gives them asks for all ``next()`` of those before first.
    package mutating func append(_ bytes: Span<UInt8>) { stream.append(bytes) }

    /// What the next chunk gives that is wanted, at each place where it belongs; `nil` where it is not whole yet, or was the last one.
    package mutating func next() throws(FormatError) -> [Piece]? {
        guard let stored = try stream.next() else { return nil }
        var content: [UInt8]?
        var pieces: [Piece] = []
        for (index, use) in plan.uses.enumerated() where use.chunks.contains(chunk) {
            let start = counts[index]
            guard stored.size <= use.size - start else {
                throw FormatError(
                    "the chunks have more than the \(use.size) bytes that were stated", at: start)
            }
            counts[index] += stored.size
            let place = use.offset + start
            let kept = (place..<place + stored.size).clamped(to: plan.wanted)
            guard !kept.isEmpty else { continue }
            let bytes = if let content { content } else { try stored.content() }
            content = bytes
            pieces.append(Piece(offset: kept.lowerBound, bytes: bytes[kept.shifted(by: -place)]))
        }
        chunk += 1
        return pieces
    }

    /// Makes sure that all came that was stated, and nothing more.
    package func finish() throws(FormatError) {
        try stream.finish()
        for (use, count) in zip(plan.uses, counts) where use.size != count {
            throw FormatError("the chunks have \(count) bytes, and \(use.size) were stated", at: count)
        }
    }
}
