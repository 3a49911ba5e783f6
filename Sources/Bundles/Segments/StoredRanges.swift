package import Formats
import Glibc
import Manifests
package import Storage

/// The stored files of a bundle, wherever their bytes are, to be read at any place by several threads at once.
package protocol StoredRanges: Sendable {
    /// Lends the bytes of a range of a stored file, block by block, in order.
    ///
    /// - Parameters:
    ///   - path: of the stored file in the bundle.
    ///   - range: in bytes.
    /// - Throws: where the file cannot be read or ends before the range does, and whatever `block` throws.
    func read(
        _ path: RelativePath, _ range: Range<Int>, into buffer: inout Buffer,
        _ block: (Span<UInt8>) throws -> Void
    ) throws
}

/// The stored files of a plan, read out of the caches that they will be made from.
struct PlannedRanges: StoredRanges {
    private let files: [RelativePath: Plan.StoredFile]
    private let locations: [RelativePath: String]

    /// Prepares the reading.
    ///
    /// - Parameter locations: for every stored file's path in the bundle, the absolute path to read it from.
    init(_ plan: Plan, locations: [RelativePath: String]) {
        files = Dictionary(plan.stored.map { ($0.path, $0) }) { first, _ in first }
        self.locations = locations
    }

    func read(
        _ path: RelativePath, _ range: Range<Int>, into buffer: inout Buffer,
        _ block: (Span<UInt8>) throws -> Void
    ) throws {
        guard let stored = files[path] else { throw FileError("open", path.text, code: ENOENT) }
        let source = try FileHandle.reading(locations[path] ?? "")
        for part in stored.sourceRanges(of: range) { try source.read(part, into: &buffer, block: block) }
    }
}

/// Files that are in an archive's file as they are, one after the other.
struct ArchiveRanges: StoredRanges {
    private let archive: String
    private let offsets: [RelativePath: Int]

    /// Prepares the reading.
    ///
    /// - Parameter offsets: where each file begins in the archive, in bytes.
    init(_ archive: String, _ offsets: [RelativePath: Int]) {
        self.archive = archive
        self.offsets = offsets
    }

    func read(
        _ path: RelativePath, _ range: Range<Int>, into buffer: inout Buffer,
        _ block: (Span<UInt8>) throws -> Void
    ) throws {
        guard let offset = offsets[path] else { throw FileError("open", path.text, code: ENOENT) }
        let (end, overflow) = range.upperBound.addingReportingOverflow(offset)
        guard !overflow else { throw ReadFailure.changed(path: archive) }
        try FileHandle.streaming(archive).read(
            range.lowerBound + offset..<end, into: &buffer, block: block)
    }
}

extension Plan.StoredFile {
    /// The ranges of the file it is made from that a range of it means.
    fileprivate func sourceRanges(of wanted: Range<Int>) -> [Range<Int>] {
        guard let ranges else { return [wanted] }
        var position = 0
        return ranges.compactMap { range in
            let part = wanted.clamped(to: position..<position + range.count)
            defer { position += range.count }
            guard !part.isEmpty else { return nil }
            let start = range.lowerBound - position
            return start + part.lowerBound..<start + part.upperBound
        }
    }
}
