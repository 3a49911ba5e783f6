public import Storage

/// Writes a bundle as one archive: the same tree as ``BundleWriter``, its files in the order of their paths'
/// bytes.
public struct ArchiveBundleWriter: Sendable {
    private let plan: Plan
    private let locations: [String: String]
    private let target: String
    private let format: ArchiveFormat

    /// Prepares the writing of a plan out of the caches.
    ///
    /// - Parameters:
    ///   - directory: what `path:` sources are relative to.
    ///   - target: the archive's path, whose suffix names `format`.
    /// - Throws: everything that is not in the caches any more, at once.
    public init(
        _ plan: Plan, caches: Caches, directory: String, target: String, format: ArchiveFormat
    ) throws(Diagnostics) {
        self.plan = plan
        locations = try plan.locations(caches: caches, directory: directory)
        self.target = target
        self.format = format
    }

    /// Names of text, which is worth compressing in a zip. Weights are not: of random bf16 values deflate
    /// takes a fifth off at a fraction of the disk's speed, and of quantized ones nothing.
    private static let textSuffixes = [
        "json", "lock", "md", "py", "txt", "jinja", "yaml", "yml", "toml", "csv",
    ]

    /// Writes the archive beside its target and gives it its name when all of it is right and on the disk.
    public func write(progress: @escaping ProgressHandler) async throws -> BundleWriter.Receipt {
        if let status = try FileStatus.existing(target), status.kind != .file {
            throw Diagnostics(
                Diagnostic(
                    code: "output-exists", "\(target) exists and is not a file, so it is not replaced",
                    fix: "remove it, or choose another --output", verdict: .undecided))
        }
        let parent = Path.parent(target)
        try Directory.make(parent)
        let free = try Directory.freeBytes(at: parent)
        guard free >= plan.size else { throw Diagnostics(fullDisk(free: free)) }
        try await proveSegmented(progress)
        let temporary = Path.join(parent, ".\(Path.name(target)).partial")
        try Directory.removeFile(temporary)
        let generated = try GeneratedFiles(plan: plan).all
        do {
            try writeEntries(generated, to: temporary, progress)
            let size = try FileStatus.status(of: temporary).size
            try AtomicFile.rename(temporary, to: target)
            try AtomicFile.synchronizeDirectory(of: target)
            return BundleWriter.Receipt(
                path: target, written: plan.size, resumed: 0,
                files: plan.stored.count + generated.count, size: size)
        } catch {
            try? Directory.removeFile(temporary)
            let isFull = (error as? ArchiveError)?.isFullDisk ?? false
            throw isFull ? Diagnostics(fullDisk(free: (try? Directory.freeBytes(at: parent)) ?? 0)) : error
        }
    }

    /// Something to write: a stored file, or a generated one.
    private enum Item {
        case stored(Plan.StoredFile)
        case generated(GeneratedFiles.File)

        var path: String {
            switch self {
            case .stored(let file): file.path
            case .generated(let file): file.path
            }
        }
    }

    private func writeEntries(
        _ generated: [GeneratedFiles.File], to path: String, _ progress: ProgressHandler
    ) throws {
        let items = (plan.stored.map(Item.stored) + generated.map(Item.generated))
            .sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
        var archive = try ArchiveWriter(creating: path, format: format)
        var buffer = Buffer(count: FileReader.blockSize)
        progress(.began(stage: "archiving", files: plan.stored.count, bytes: plan.size))
        defer { progress(.ended) }
        for item in items {
            let suffix = Path.name(item.path).split(separator: ".").last.map(String.init) ?? ""
            let isText = ArchiveBundleWriter.textSuffixes.contains(suffix)
            switch item {
            case .generated(let file):
                try archive.add(path: file.path, file.bytes.span, compress: isText)
            case .stored(let file):
                try archive.begin(path: file.path, size: file.size, compress: isText)
                try add(file, to: &archive, &buffer, progress)
                try archive.end()
                progress(.finished(file: file.path))
            }
        }
        try archive.finish()
    }

    private func add(
        _ stored: Plan.StoredFile, to archive: inout ArchiveWriter, _ buffer: inout Buffer,
        _ progress: ProgressHandler
    ) throws {
        let location = locations[stored.path] ?? ""
        let file = try FileHandle.reading(location)
        let size = try file.status().size
        guard stored.ranges != nil || size == stored.size else {
            throw Diagnostics(stored.changed(found: "\(size) bytes", at: location))
        }
        file.willReadSequentially()
        var hasher = try ContentHasher()
        for range in stored.ranges ?? [0..<stored.size] {
            try file.read(range, into: &buffer) { bytes in
                try hasher.update(bytes)
                try archive.write(bytes)
                progress(.advanced(bytes: bytes.count))
            }
        }
        let found = try hasher.finish().sha256
        guard found == stored.sha256 else {
            throw Diagnostics(stored.changed(found: "sha256 \(found)", at: location))
        }
    }

    /// Puts every file in segments together from the files that its stored parts come from.
    ///
    /// An archive cannot be read back before it is whole; but what is written of those files is compared
    /// with the digests by which it is stored, so what comes out of them comes out of the archive.
    private func proveSegmented(_ progress: @escaping ProgressHandler) async throws {
        guard !plan.segmented.isEmpty else { return }
        let stored = Dictionary(uniqueKeysWithValues: plan.stored.map { ($0.path, $0) })
        progress(
            .began(
                stage: "proving", files: plan.segmented.count,
                bytes: plan.segmented.reduce(0) { $0 &+ $1.size }))
        defer { progress(.ended) }
        let problems = try await Parallel.map(plan.segmented, largestFirst: \.size) { file, buffer in
            defer { progress(.finished(file: file.name)) }
            var hasher = try ContentHasher()
            for segment in file.segments {
                guard let home = stored[segment.at] else { continue }
                let source = try FileHandle.reading(locations[segment.at] ?? "")
                for range in home.ranges(of: segment) {
                    try source.read(range, into: &buffer) { bytes in
                        try hasher.update(bytes)
                        progress(.advanced(bytes: bytes.count))
                    }
                }
            }
            let found = try hasher.finish().sha256
            return found == file.sha256 ? nil : file.doesNotComeOut(found: found)
        }.compactMap(\.self)
        guard problems.isEmpty else { throw Diagnostics(problems) }
    }

    private func fullDisk(free: Int) -> Diagnostic {
        Diagnostic(
            code: "disk-full", "not enough free space for \(target)",
            notes: ["needed  \(ByteCount.text(plan.size))", "free    \(ByteCount.text(free))"],
            fix: "free space there, or choose another --output", verdict: .undecided)
    }
}

extension Plan.StoredFile {
    /// The ranges of the file it is made from that a segment of it means.
    fileprivate func ranges(of segment: Segment) -> [Range<Int>] {
        let wanted = segment.offset..<segment.offset + segment.length
        guard let ranges else { return [wanted] }
        var position = 0
        return ranges.compactMap { range in
            let part = wanted.clamped(to: position..<position + range.count)
            defer { position += range.count }
            guard !part.isEmpty else { return nil }
            return range.lowerBound + part.lowerBound - position..<range.lowerBound + part.upperBound
                - position
        }
    }

    /// A finding about a file of a cache that is not what the lock pins.
    func changed(found: String, at location: String) -> Diagnostic {
        Diagnostic(
            code: "content-changed", "\(entry): \(file) does not have the content that the lock pins",
            notes: [
                "expected sha256 \(sha256)  (\(size) bytes, from the lock)", "found    \(found)",
                "at \(location)",
            ],
            fix: "restore the file, or run knapsack lock --update \(entry)")
    }
}

extension Plan.SegmentedFile {
    /// A finding about a file that does not come out of its segments.
    func doesNotComeOut(found: SHA256Digest) -> Diagnostic {
        Diagnostic(
            code: "content-changed", "\(name) does not come out of its segments",
            notes: ["expected sha256 \(sha256)  (from the lock)", "found    sha256 \(found)"],
            fix: "run knapsack verify on the lock, or knapsack lock --rehash")
    }
}
