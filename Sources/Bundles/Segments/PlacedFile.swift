package import Formats
package import Manifests
package import Storage

/// A file of an entry as bundles store it, in one piece or in several, which is read at any place by several threads at once.
package struct PlacedFile: Sendable {
    /// "entry/path", for messages.
    package let name: String
    /// The size in bytes.
    package let size: Int
    private let pieces: [(start: Int, place: any StoredRanges, segment: Segment)]

    /// - Parameter pieces: the ranges that make the file, in its order, and who has each.
    fileprivate init(_ name: String, _ pieces: [(place: any StoredRanges, segment: Segment)]) {
        self.name = name
        var position = 0
        self.pieces = pieces.map { piece in
            // The lock's reader made sure that all together have the file's size.
            defer { position += piece.segment.length }
            return (position, piece.place, piece.segment)
        }
        size = position
    }

    /// Lends the bytes of a range, block by block, in order.
    /// - Throws: where the range is not in the file, a stored file cannot be read or ends too early, and what `block` throws.
    package func read(
        _ range: Range<Int>, into buffer: inout Buffer, _ block: (Span<UInt8>) throws -> Void
    ) throws {
        guard range.lowerBound >= 0, range.upperBound <= size else { throw ReadFailure.changed(path: name) }
        // The last piece that begins at or before the range.
        var (low, high) = (0, pieces.count)
        while low < high {
            let middle = low + (high - low) / 2
            if pieces[middle].start <= range.lowerBound { low = middle + 1 } else { high = middle }
        }
        var position = range.lowerBound
        for piece in pieces[max(0, low - 1)...] {
            guard position < range.upperBound else { return }
            let start = piece.segment.offset + position - piece.start
            let length = min(range.upperBound, piece.start + piece.segment.length) - position
            try piece.place.read(piece.segment.at, start..<start + length, into: &buffer, block)
            position += length
        }
    }
}

/// A bundle and its bases, out of which files of entries are read without being put together anywhere.
package struct PlacedFiles: Sendable {
    private let content: any BundleContent
    private let bases: BaseSet

    /// Takes what has the files.
    /// - Parameters:
    ///   - content: the bundle.
    ///   - bases: those of its bases that were named.
    package init(_ content: any BundleContent, bases: BaseSet) {
        (self.content, self.bases) = (content, bases)
    }

    /// The stored files of the bundle itself that have a part of files of entries.
    package static func stored(
        of entries: [LockedEntry], where isWanted: (RelativePath) -> Bool
    ) -> Set<RelativePath> {
        var stored: Set<RelativePath> = []
        for entry in entries {
            for file in entry.files where isWanted(file.path) {
                stored.formUnion(entry.ranges(of: file).compactMap { $0.base == nil ? $0.at : nil })
            }
        }
        return stored
    }

    /// A file of an entry that the bundle has.
    /// - Throws: ``Diagnostics`` where a stored file of it is missing or has another size, or is in a base that was not named.
    package func file(_ file: LockedFile, of entry: LockedEntry) throws -> PlacedFile {
        let segments = entry.ranges(of: file)
        let name = "\(entry.name)/\(file.path)"
        guard bases.has(segments) else {
            let needed = Set(segments.compactMap(\.base))
            let missing = bases.missing.filter { needed.contains($0.sha256) }
            throw Diagnostics(
                Diagnostic(
                    code: .baseMissing, "\(name) is in \(missing.map(\.name).joined(separator: ", "))",
                    fix: missing.map { "name a copy of \($0.name) (\($0.attach)) with --base DIR" }
                        .joined(separator: ", "), verdict: .undecided))
        }
        let isWhole: Bool
        if case .segments = file.placement { isWhole = false } else { isWhole = true }
        let pieces = try segments.map { segment -> (place: any StoredRanges, segment: Segment) in
            let place = try bases.source(of: segment) ?? content
            let size = try place.size(of: segment.at)
            // The lock's reader made sure that no range ends past 2^63.
            let end = segment.offset + segment.length
            guard let size, isWhole ? size == end : size >= end else {
                throw Diagnostics(
                    Diagnostic(
                        code: size == nil ? .missing : .changed,
                        "\(place.name): \(segment.at) "
                            + (size.map { "has \(Counted.text($0, "byte"))" } ?? "is missing"),
                        notes: ["needed for \(name)"], fix: "copy the bundle again", verdict: .undecided))
            }
            return (place, segment)
        }
        return PlacedFile(name, pieces)
    }
}
