package import Formats

/// Writes an archive that depends on nothing but its files' paths, order and content.
///
/// Every entry is a regular file with mode 0644, owner and group 0 without names, and the same time; there
/// are no directories, links, extended attributes or comments. The same calls give the same bytes in every
/// time zone, locale and umask, for the same versions of libarchive, zlib and libzstd.
///
/// The time is 1980-01-01 00:00:00, because zip can name no earlier one. A zip entry's time is a local time,
/// which libarchive computes with the time zone of the process; but it writes that earliest time, in every
/// time zone, for an entry whose time is not set, so none is set. Tar gets the second 315532800 since 1970,
/// the same date in UTC.
///
/// An archive that is not finished is recognizably cut off.
package struct ArchiveWriter: ~Copyable {
    /// The second 1980-01-01 00:00:00 UTC since 1970.
    private static let time = 315_532_800

    private let sink: ArchiveSink
    private let handle: WriteHandle
    private let format: ArchiveFormat
    private var entry: RelativePath?
    private var left = 0
    private var budget = PathBudget()

    /// Starts an archive in a new file; one that exists is an error (`EEXIST`).
    ///
    /// - Parameter path: where it is written as it grows, so not yet under its final name.
    package init(creating path: String, format: ArchiveFormat) throws(ArchiveError) {
        let file: FileHandle
        do throws(FileError) { file = try FileHandle.creating(path) } catch { throw ArchiveError(error) }
        try self.init(to: file, format: format)
    }

    /// Starts an archive in an empty file.
    package init(to file: consuming FileHandle, format: ArchiveFormat) throws(ArchiveError) {
        let sink = ArchiveSink(file)
        let handle = try WriteHandle.open(sink, format: format, options: ArchiveWriter.options(format))
        self.sink = sink
        self.handle = handle
        self.format = format
    }

    private static func options(_ format: ArchiveFormat) -> String {
        switch format {
        case .tar: ""
        // Of weights, level 1 leaves as little as the levels up to 4 do (bf16 0.78, f32 0.92) in the least
        // time. libzstd gives the same bytes for every number of threads but none, so never none; one more
        // than there are processors keeps all of them busy, and eight take 60 MiB.
        case .tarZstd: "zstd:compression-level=1,zstd:threads=\(min(Parallel.width + 1, 8))"
        case .zip: "zip:hdrcharset=UTF-8"
        }
    }

    /// Starts a file; the entries of an archive are in the order of these calls.
    ///
    /// - Parameters:
    ///   - path: that no path comes twice is the caller's to see to.
    ///   - size: the number of bytes that will be written.
    ///   - compress: whether a zip deflates the file; a tar is compressed as a whole or not at all.
    package mutating func begin(path: RelativePath, size: Int, compress: Bool = false) throws(ArchiveError) {
        guard entry == nil else { throw usage("the file before it was not ended", path) }
        if let problem = RelativePath.problem(path.text) {
            throw ArchiveError(.path, sink.path, entry: path.text, "the path \(problem)")
        }
        guard budget.take(path) else { throw ArchiveError(.tooLarge, sink.path, "has too many files") }
        guard size >= 0 else { throw usage("its size is negative", path) }
        try handle.begin(
            path: path.text, size: size, time: format == .zip ? nil : ArchiveWriter.time,
            isDeflated: format == .zip ? compress : nil)
        entry = path
        left = size
    }

    /// Writes the file's next bytes.
    package mutating func write(_ bytes: Span<UInt8>) throws(ArchiveError) {
        guard let entry else { throw usage("no file was begun", nil) }
        guard bytes.count <= left else { throw usage("it has more bytes than was announced", entry) }
        try handle.write(bytes, entry: entry.text)
        left -= bytes.count
    }

    /// Ends the file, all of whose bytes were written.
    package mutating func end() throws(ArchiveError) {
        guard let entry else { throw usage("no file was begun", nil) }
        guard left == 0 else { throw usage("\(left) of its bytes are missing", entry) }
        try handle.end(entry: entry.text)
        self.entry = nil
    }

    /// Writes a whole file that is in memory.
    package mutating func add(
        path: RelativePath, _ bytes: Span<UInt8>, compress: Bool = false
    ) throws(ArchiveError) {
        try begin(path: path, size: bytes.count, compress: compress)
        try write(bytes)
        try end()
    }

    /// Ends the archive and waits until it is on the disk; publishing it is the caller's.
    package consuming func finish() throws(ArchiveError) {
        if let entry { throw usage("it was not ended", entry) }
        try handle.close()
        do {
            try sink.synchronize()
        } catch {
            throw ArchiveError(error)
        }
    }

    private func usage(_ reason: String, _ entry: RelativePath?) -> ArchiveError {
        ArchiveError(.usage, sink.path, entry: entry?.text, reason)
    }
}
