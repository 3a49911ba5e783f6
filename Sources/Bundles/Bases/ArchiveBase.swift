import Formats
import Manifests
import Storage

/// A bundle in an archive whose stored files can be read at any place: where they are in the archive's file as they are,
/// else from memory.
struct ArchiveBase: BundleContent {
    /// What is kept in memory at most, in bytes: texts of a zip, and the lock.
    static let memoryLimit = Lock.sizeLimit

    let name: String
    private let path: String
    private var sizes: [RelativePath: Int] = [:]
    private var offsets: [RelativePath: Int] = [:]
    private var kept: [RelativePath: [UInt8]] = [:]

    /// Looks through the archive.
    ///
    /// - Parameter wanted: the files that will be read.
    /// - Throws: where the archive cannot be read, or more of it is compressed and wanted than is kept in memory.
    init(_ archive: String, format: ArchiveFormat, wanted: Set<RelativePath>) throws(Diagnostics) {
        name = archive
        do {
            path = try FileHandle.named(archive).path
        } catch {
            throw Diagnostics(
                Diagnostic(code: .unreadable, "\(error)", fix: error.remedy(), verdict: .undecided))
        }
        do {
            try look(format, wanted)
        } catch let error as ArchiveError {
            throw Diagnostics(error.diagnostic(archive))
        } catch {
            throw error as? Diagnostics
                ?? Diagnostics(Diagnostic(code: .unreadable, "\(error)", verdict: .undecided))
        }
    }

    private mutating func look(_ format: ArchiveFormat, _ wanted: Set<RelativePath>) throws {
        var reader = try ArchiveReader(path: path, format: format)
        var bounds = MemberBounds(name, format: format, size: try FileStatus.status(of: path).size)
        var left = Self.memoryLimit
        while let entry = try reader.next() {
            _ = try bounds.admits(entry)
            sizes[entry.path] = entry.size
            guard wanted.contains(entry.path) else { continue }
            if let offset = entry.offset {
                offsets[entry.path] = offset
                continue
            }
            guard entry.size <= left else {
                throw Diagnostics(
                    Diagnostic(
                        code: .baseUnreadable,
                        "\(name) is compressed, and \(entry.path) cannot be read at any place in it",
                        fix: "unpack the archive, and name the directory", verdict: .undecided))
            }
            left -= entry.size
            var bytes: [UInt8] = []
            bytes.reserveCapacity(entry.size)
            try reader.read { block in for index in block.indices { bytes.append(block[index]) } }
            kept[entry.path] = bytes
        }
    }

    func size(of path: RelativePath) throws -> Int? { sizes[path] }

    func read(
        _ path: RelativePath, _ range: Range<Int>, into buffer: inout Buffer,
        _ block: (Span<UInt8>) throws -> Void
    ) throws {
        guard let bytes = kept[path] else {
            // No file in an archive reaches into the next one.
            guard let size = sizes[path], range.upperBound <= size else {
                throw ReadFailure.changed(path: path.joined(to: name))
            }
            return try ArchiveRanges(self.path, offsets).read(path, range, into: &buffer, block)
        }
        guard range.upperBound <= bytes.count else { throw ReadFailure.changed(path: path.joined(to: name)) }
        try block(bytes.span.extracting(range))
    }
}
