import Caches
package import Formats
package import Manifests
package import Storage

/// A bundle in an archive whose stored files can be read at any place: where they are in the archive's file as they are,
/// else from memory, or out of a scratch directory.
package struct ArchiveBase: BundleContent {
    /// What is kept in memory at most, in bytes: texts of a zip, and the lock.
    static let memoryLimit = Lock.sizeLimit
    /// What is kept of one file where there is a scratch directory, in bytes: a megabyte.
    private static let smallSize = 1 << 20

    /// The archive as it was named.
    package let name: String
    private let path: String
    private var sizes: [RelativePath: Int] = [:]
    private var offsets: [RelativePath: Int] = [:]
    private var kept: [RelativePath: [UInt8]] = [:]
    private var unpacked: [RelativePath: String] = [:]
    private let compressed: Compressed

    /// What becomes of files that are wanted, and cannot be read in the archive where they are.
    package enum Compressed: Sendable {
        /// They are kept in memory, and one too many is an error.
        case inMemory
        /// Long ones are written to files, which the caller removes: how their paths begin is asked where there is one.
        case inFiles(@Sendable () throws -> String)
        /// They cannot be read.
        case leftOut
    }

    /// Looks through the archive.
    ///
    /// - Parameters:
    ///   - wanted: the files that will be read.
    ///   - lock: the bundle's own lock, if it is known: what it does not have, or has in another size, is not read.
    ///   - compressed: what becomes of what is compressed.
    /// - Throws: where the archive cannot be read, or more of it is compressed and wanted than is kept in memory, or than
    ///   the disk has room for.
    package init(
        _ archive: String, format: ArchiveFormat, wanted: Set<RelativePath>, lock: Lock? = nil,
        compressed: Compressed = .inMemory
    ) throws(Diagnostics) {
        name = archive
        self.compressed = compressed
        do {
            path = try FileHandle.named(archive).path
        } catch {
            throw Diagnostics(
                Diagnostic(code: .unreadable, "\(error)", fix: error.remedy(), verdict: .undecided))
        }
        do {
            try look(format, wanted, lock)
        } catch let error as ArchiveError {
            throw Diagnostics(error.diagnostic(archive))
        } catch {
            throw error as? Diagnostics
                ?? Diagnostics(Diagnostic(code: .unreadable, "\(error)", verdict: .undecided))
        }
    }

    private mutating func look(_ format: ArchiveFormat, _ wanted: Set<RelativePath>, _ lock: Lock?) throws {
        var reader = try ArchiveReader(path: path, format: format)
        var bounds = MemberBounds(name, format: format, size: try FileStatus.status(of: path).size)
        if let lock { bounds.learn(try ExpectedFiles(lock: lock)) }
        var left = Self.memoryLimit
        while let entry = try reader.next() {
            let isAdmitted = try bounds.admits(entry)
            sizes[entry.path] = entry.size
            guard isAdmitted, wanted.contains(entry.path) else { continue }
            if let offset = entry.offset {
                offsets[entry.path] = offset
                continue
            }
            if case .leftOut = compressed { continue }
            if case .inFiles(let start) = compressed, entry.size > Self.smallSize {
                let place = "\(try start())-\(unpacked.count)"
                unpacked[entry.path] = place
                try SpaceNeeded(
                    entry.size, for: "\(entry.path), which is compressed in \(name)", at: place,
                    fix: "free some space, or name a directory with more: --scratch DIR"
                ).check()
                let file = try FileHandle.creating(place, mode: 0o600)
                try reader.read { block in
                    if Task.isCancelled { throw ReadFailure.cancelled }
                    try file.write(block)
                }
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

    /// As ``BundleContent`` states.
    package func size(of path: RelativePath) throws -> Int? { sizes[path] }

    /// As ``StoredRanges`` states.
    package func read(
        _ path: RelativePath, _ range: Range<Int>, into buffer: inout Buffer,
        _ block: (Span<UInt8>) throws -> Void
    ) throws {
        guard let bytes = kept[path] else {
            // No file in an archive reaches into the next one.
            guard let size = sizes[path], range.upperBound <= size else {
                throw ReadFailure.changed(path: path.joined(to: name))
            }
            if let place = unpacked[path] {
                return try FileHandle.reading(place).read(range, into: &buffer, block: block)
            }
            return try ArchiveRanges(self.path, offsets).read(path, range, into: &buffer, block)
        }
        guard range.upperBound <= bytes.count else { throw ReadFailure.changed(path: path.joined(to: name)) }
        try block(bytes.span.extracting(range))
    }
}
