package import Caches
import Formats
package import Manifests
package import Storage

/// Writes a bundle as one archive: the same tree as ``BundleWriter``, its files in the order of their paths'
/// bytes.
package struct ArchiveBundleWriter: Sendable {
    private let plan: Plan
    private let locations: [RelativePath: String]
    private let target: String
    private let format: ArchiveFormat
    private let replacement: BundleReplacement

    /// Prepares the writing of a plan out of the caches.
    ///
    /// - Parameters:
    ///   - directory: what `path:` sources are relative to.
    ///   - target: the archive's path, whose suffix names `format`.
    ///   - replacement: decides about what has the name; the same manifest's bundle is replaced where it is `nil`.
    /// - Throws: everything that is not in the caches any more, at once.
    package init(
        _ plan: Plan, caches: Caches, directory: String, target: String, format: ArchiveFormat,
        replacement: BundleReplacement? = nil
    ) throws(Diagnostics) {
        self.plan = plan
        self.replacement = replacement ?? BundleReplacement(plan.lock)
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
    ///
    /// An archive cannot be read back before it is whole, so files in segments are put together from what
    /// its stored files come from; what is written of those is compared with the digests by which it is
    /// stored, so what comes out of them comes out of the archive.
    package func write(progress: @escaping ProgressHandler) async throws -> BundleWriter.Receipt {
        try replacement.require(archive: target, format)
        let generated = try GeneratedFiles(plan: plan).all
        do {
            try Directory.make(Path.parent(target))
            let partial = try PartialFile(target: target)
            try space(for: generated).check()
            try await SegmentProof(plan.segmented)
                .require(in: PlannedRanges(plan, locations: locations), progress)
            try writeEntries(generated, to: partial.handle, progress)
            let size = try partial.handle.status().size
            try partial.publish()
            try AtomicFile.synchronizeDirectory(of: target)
            return BundleWriter.Receipt(
                path: target, written: plan.size, shared: 0, resumed: 0,
                files: plan.stored.count + generated.count, size: size, signature: .none)
        } catch let error as FileError where error.isBusy {
            throw Diagnostics(WriteProblem.running(target))
        } catch  where error.isOfFullDisk {
            throw Diagnostics(space(for: generated).finding)
        }
    }

    /// The bytes that the archive has at least: what compression takes off is not known before.
    private func leastSize(_ generated: [GeneratedFiles.File]) -> Int {
        var size = 0
        for (path, bytes) in plan.stored.map({ ($0.path, $0.size) })
            + generated.map({ ($0.path, $0.bytes.count) })
        {
            switch format {
            // A header for each file, and blocks of 512 bytes.
            case .tar: size += 512 + (bytes + 511) / 512 * 512
            case .zip: size += 76 + 2 * path.utf8.count + (ArchiveBundleWriter.isText(path) ? 0 : bytes)
            case .tarZstd: break
            }
        }
        return size
    }

    private func space(for generated: [GeneratedFiles.File]) -> SpaceNeeded {
        let least = leastSize(generated)
        return SpaceNeeded(
            least, for: target,
            text: format == .tarZstd
                ? "up to \(SpaceNeeded.text(plan.size))" : "\(SpaceNeeded.text(least)) or more",
            fix: "free space there, or choose another --output")
    }

    private static func isText(_ path: RelativePath) -> Bool {
        textSuffixes.contains(path.pathExtension ?? path.name)
    }

    /// Something to write: a stored file, or a generated one.
    private enum Item {
        case stored(Plan.StoredFile)
        case generated(GeneratedFiles.File)

        var path: RelativePath {
            switch self {
            case .stored(let file): file.path
            case .generated(let file): file.path
            }
        }
    }

    private func writeEntries(
        _ generated: [GeneratedFiles.File], to file: borrowing FileHandle, _ progress: ProgressHandler
    ) throws {
        let items = (plan.stored.map(Item.stored) + generated.map(Item.generated))
            .sorted { $0.path < $1.path }
        var archive = try ArchiveWriter(to: file.duplicate(), format: format)
        var buffer = Buffer(count: FileReader.blockSize)
        progress(.began(stage: "archiving", files: plan.stored.count, bytes: plan.size))
        defer { progress(.ended) }
        for item in items {
            let isText = ArchiveBundleWriter.isText(item.path)
            switch item {
            case .generated(let file):
                try archive.add(path: file.path, file.bytes.span, compress: isText)
            case .stored(let file):
                try archive.begin(path: file.path, size: file.size, compress: isText)
                try add(file, to: &archive, &buffer, progress)
                try archive.end()
                progress(.finished(file: file.path.text))
            }
        }
        try archive.finish()
    }

    private func add(
        _ stored: Plan.StoredFile, to archive: inout ArchiveWriter, _ buffer: inout Buffer,
        _ progress: ProgressHandler
    ) throws {
        let location = locations[stored.path] ?? ""
        do {
            let file = try FileHandle.reading(location)
            let before = try file.status()
            guard stored.ranges != nil || before.size == stored.size else {
                throw Diagnostics(stored.changed(found: "\(before.size) bytes", at: location))
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
        } catch {
            throw WriteProblem.explained(error, of: stored, at: location)
        }
    }
}
