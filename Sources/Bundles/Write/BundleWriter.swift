import Caches
package import Formats
package import Manifests
import Storage
import Synchronization

/// Writes a bundle's directory: beside its target first, and under its final name only when every byte was
/// proved and is on the disk.
package struct BundleWriter: Sendable {
    private let plan: Plan
    private let locations: [RelativePath: String]
    private let target: String
    private let staging: String
    private let replacement: BundleReplacement
    private let links: LinkMode

    /// The directory inside the staging directory where a file is stored until it is whole.
    private static let incoming = ".incoming"

    /// Prepares the writing of a plan.
    ///
    /// - Parameters:
    ///   - locations: for every stored file's path in the bundle, the absolute path to read it from.
    ///   - target: the directory that will hold the bundle; its parent must exist or be creatable.
    ///   - replacement: decides about what has the name; the same manifest's bundle is replaced where it is `nil`.
    ///   - links: how files get their content.
    package init(
        plan: Plan, locations: [RelativePath: String], target: String, replacement: BundleReplacement? = nil,
        links: LinkMode = .auto
    ) {
        self.plan = plan
        self.links = links
        self.replacement = replacement ?? BundleReplacement(plan.lock)
        self.locations = locations
        self.target = target
        staging = AtomicFile.unfinished(target)
    }

    /// What was written.
    package struct Receipt: Equatable, Sendable {
        /// The bundle's directory.
        package let path: String
        /// The bytes of content that were copied, cloned or linked in this run.
        package let written: Int
        /// How many of them take no space of their own.
        package let shared: Int
        /// The bytes of content that an earlier, interrupted run had already written.
        package let resumed: Int
        /// The number of files in the bundle.
        package let files: Int
        /// The size of the bundle in bytes.
        package let size: Int
        /// What became of the signature of the bundle that had the name.
        package let signature: OldSignature
    }

    /// Writes the bundle and gives it its final name.
    ///
    /// Interrupted at any point it leaves only the staging directory, which the next run goes on with.
    package func write(progress: @escaping ProgressHandler) async throws -> Receipt {
        do {
            return try await writeAll(progress)
        } catch  where error.isOfFullDisk {
            // As far as that can be asked on such a disk.
            let needed = (try? missingBytes()) ?? plan.size
            throw Diagnostics(space(needed).finding)
        }
    }

    private func writeAll(_ progress: @escaping ProgressHandler) async throws -> Receipt {
        try replacement.require(directory: target)
        // The lock lives as long as the handle.
        let lock = try lockedStagingDirectory()
        // What an interrupted run left and this one has no use for must not take the space it needs.
        try Directory.removeTree(Path.join(staging, BundleWriter.incoming))
        try removeLeftovers(keeping: Set(plan.stored.map(\.path)))
        try Directory.make(Path.join(staging, BundleWriter.incoming))
        try space(try missingBytes()).check()
        let stored = try await writeStored(progress)
        // The bundle gets its name only where every file in segments comes out to the byte.
        try await SegmentProof(plan.segmented).require(in: DirectoryContent(staging), progress)
        let generated = try GeneratedFiles(plan: plan).all
        let signature = try OldSignature.found(in: target, replacedBy: generated)
        var written = generated
        if case .kept(let bytes) = signature {
            written.append(.init(path: ModelSignature.name, bytes: bytes))
        }
        for file in written { try replace(file.path, with: file.bytes) }
        try Directory.removeTree(Path.join(staging, BundleWriter.incoming))
        try removeLeftovers(keeping: Set(plan.stored.map(\.path) + written.map(\.path)))
        try synchronizeAll(written.map(\.path))
        try publish()
        _ = consume lock
        let generatedSize = generated.reduce(0) { $0 + $1.bytes.count }
        return Receipt(
            path: target, written: stored.written, shared: stored.shared, resumed: plan.size - stored.written,
            files: plan.stored.count + generated.count, size: plan.size + generatedSize,
            signature: signature)
    }

    // MARK: Before

    /// Makes the staging directory, or takes over the one that an interrupted run left.
    private func lockedStagingDirectory() throws -> FileHandle {
        guard let directory = try FileHandle.claimingDirectory(staging) else {
            throw Diagnostics(WriteProblem.running(target))
        }
        return directory
    }

    /// What is not in the staging directory yet, with the generated files and the directories' own blocks.
    private func missingBytes() throws(FileError) -> Int {
        var needed = 1 << 20
        let incoming = Path.join(staging, BundleWriter.incoming)
        // One of the files stands for all: caches are seldom on several file systems.
        let sample = plan.stored.first { $0.ranges == nil && $0.size > 0 }.flatMap { locations[$0.path] }
        let isShared = sample.map { links.takesNoSpace($0, in: incoming) } ?? false
        for file in plan.stored where !isShared || file.ranges != nil {
            let present = try FileStatus.existing(file.path.joined(to: staging))
            if present?.kind != .file || present?.size != file.size { needed += file.size }
        }
        return needed
    }

    private func space(_ bytes: Int) -> SpaceNeeded {
        SpaceNeeded(
            bytes, for: target, at: staging,
            fix: "free space there, or choose another --output; what was written so far is kept")
    }

    // MARK: Content

    private func writeStored(
        _ progress: @escaping ProgressHandler
    ) async throws -> (written: Int, shared: Int) {
        progress(.began(stage: "packing", files: plan.stored.count, bytes: plan.size))
        defer { progress(.ended) }
        for folder in Set(plan.stored.map(\.path.parent)) {
            try Directory.make(folder?.joined(to: staging) ?? staging)
        }
        let written = try await Parallel.map(
            Array(plan.stored.enumerated()), largestFirst: \.element.size
        ) { item, buffer in
            let stored = try store(item.element, number: item.offset, buffer: &buffer, progress)
            progress(.finished(file: item.element.path.text))
            return (stored, item.element.size)
        }
        return written.reduce(into: (0, 0)) { sum, item in
            if item.0 != .present { sum.0 += item.1 }
            if item.0 == .shared { sum.1 += item.1 }
        }
    }

    /// Puts one file into the staging directory, unless it is there with the right content.
    private func store(
        _ file: Plan.StoredFile, number: Int, buffer: inout Buffer, _ progress: ProgressHandler
    ) throws -> Stored {
        let final = file.path.joined(to: staging)
        if try isStored(file, at: final, buffer: &buffer, progress) { return .present }
        guard let location = locations[file.path] else {
            throw Diagnostics(
                Diagnostic(
                    code: .fileNotFound, "\(file.entry): \(file.file) is not in the cache",
                    verdict: .undecided))
        }
        let temporary = Path.join(staging, "\(BundleWriter.incoming)/\(number)")
        do {
            let isShared = try copy(file, from: location, to: temporary, buffer: &buffer, progress)
            if try FileStatus.existing(final)?.kind == .directory { try Directory.removeTree(final) }
            try AtomicFile.rename(temporary, to: final)
            return isShared ? .shared : .copied
        } catch {
            try? Directory.removeFile(temporary)
            throw WriteProblem.explained(error, of: file, at: location)
        }
    }

    /// How a file came to be in the staging directory.
    private enum Stored { case present, copied, shared }

    private func isStored(
        _ file: Plan.StoredFile, at path: String, buffer: inout Buffer, _ progress: ProgressHandler
    ) throws -> Bool {
        guard let status = try FileStatus.existing(path), status.kind == .file, status.size == file.size
        else { return false }
        let read = try FileReader.read(path, gitBlob: false, buffer: &buffer) { bytes in
            progress(.advanced(bytes: bytes.count))
        }
        if read.digests.sha256 == file.sha256 { return true }
        progress(.advanced(bytes: -file.size))
        return false
    }

    /// - Returns: whether the file shares its content with the cache's.
    private func copy(
        _ file: Plan.StoredFile, from location: String, to path: String, buffer: inout Buffer,
        _ progress: ProgressHandler
    ) throws -> Bool {
        if let ranges = file.ranges {
            let output = try FileHandle.creating(path)
            try copy(ranges, of: file, from: location, to: output, buffer: &buffer, progress)
            return false
        }
        if links == .hardlink {
            try LinkMode.link(location, at: path)
            try require(file, read(path, &buffer, progress), at: location)
            return true
        }
        // One handle for everything: a directory above that is renamed meanwhile makes no other file of it.
        let source = try FileHandle.reading(location)
        let before = try source.status()
        if let clone = try links.clone(source, at: path) {
            try require(
                file, readCloned(source, before, clone, &buffer, progress), at: location)
            return true
        }
        try copyAll(of: file, from: source, to: path, buffer: &buffer, progress)
        return false
    }

    /// For how long a file has to have been left alone, in nanoseconds, so that a change after it was cloned cannot have
    /// the time that it had before: times of changes are at most some milliseconds late.
    private static let settled: Int64 = 2_000_000_000

    /// Reads what a bundle got without copying it.
    ///
    /// A clone has what the file had at that moment, and nothing of it is in the page cache. So the file itself is read,
    /// as long as the kernel states that it did not change from before the clone until it was read to its end: nobody can
    /// set the time of the last change, and writing through a mapping sets it, too, because cloning makes pages
    /// read-only. Where that cannot be told, what counts is what the bundle has.
    /// - Parameters:
    ///   - source: the file that was cloned, of which nothing was read.
    ///   - before: its status before.
    private func readCloned(
        _ source: borrowing FileHandle, _ before: FileStatus, _ clone: borrowing FileHandle,
        _ buffer: inout Buffer, _ progress: ProgressHandler
    ) throws -> FileReader.Result {
        if currentTime() - before.changed > Self.settled {
            var done = 0
            let read = try? FileReader.read(source, gitBlob: false, buffer: &buffer) { bytes in
                progress(.advanced(bytes: bytes.count))
                done += bytes.count
            }
            if let read, read.status == before, try clone.status().size == before.size { return read }
            progress(.advanced(bytes: -done))
        }
        return try read(clone.path, &buffer, progress)
    }

    /// Reads what is in the bundle already.
    private func read(
        _ path: String, _ buffer: inout Buffer, _ progress: ProgressHandler
    ) throws -> FileReader.Result {
        try FileReader.read(path, gitBlob: false, buffer: &buffer) { bytes in
            progress(.advanced(bytes: bytes.count))
        }
    }

    private func copyAll(
        of file: Plan.StoredFile, from source: borrowing FileHandle, to path: String, buffer: inout Buffer,
        _ progress: ProgressHandler
    ) throws {
        let output = try FileHandle.creating(path)
        var written = 0
        let read = try FileReader.read(source, gitBlob: false, buffer: &buffer) { bytes in
            try output.write(bytes)
            output.startWriteback(offset: written, count: bytes.count)
            written += bytes.count
            progress(.advanced(bytes: bytes.count))
        }
        try require(file, read, at: source.path)
    }

    private func require(
        _ file: Plan.StoredFile, _ read: FileReader.Result, at location: String
    ) throws(Diagnostics) {
        guard read.digests.sha256 == file.sha256, read.status.size == file.size else {
            throw Diagnostics(
                file.changed(
                    found: "sha256 \(read.digests.sha256)  (\(read.status.size) bytes)", at: location))
        }
    }

    /// Copies the own bytes of a file in segments; their digest is their name in the store.
    private func copy(
        _ ranges: [Range<Int>], of file: Plan.StoredFile, from location: String,
        to output: borrowing FileHandle, buffer: inout Buffer, _ progress: ProgressHandler
    ) throws {
        let source = try FileHandle.reading(location)
        var hasher = try ContentHasher()
        for range in ranges {
            try source.read(range, into: &buffer) { bytes in
                try hasher.update(bytes)
                try output.write(bytes)
                progress(.advanced(bytes: bytes.count))
            }
        }
        let found = try hasher.finish().sha256
        guard found == file.sha256 else {
            throw Diagnostics(file.changed(found: "sha256 \(found)", at: location))
        }
    }

    // MARK: After

    private func replace(_ path: RelativePath, with bytes: [UInt8]) throws {
        let final = path.joined(to: staging)
        if try FileStatus.existing(final)?.kind == .directory { try Directory.removeTree(final) }
        try Directory.removeFile(final)
        let file = try FileHandle.creating(final)
        try file.write(bytes.span)
    }

    /// Takes away what an interrupted run for an older lock left, and directories that became empty.
    private func removeLeftovers(keeping files: Set<RelativePath>) throws {
        func clean(_ folder: String) throws -> Bool {
            var kept = false
            for name in try Directory.names(in: Path.join(staging, folder)) {
                let path = folder.isEmpty ? name : "\(folder)/\(name)"
                let full = Path.join(staging, path)
                if try FileStatus.status(of: full).kind == .directory {
                    if try clean(path) { kept = true } else { try Directory.removeTree(full) }
                } else if let path = RelativePath(path), files.contains(path) {
                    kept = true
                } else {
                    try Directory.removeFile(full)
                }
            }
            return kept
        }
        _ = try clean("")
    }

    /// Waits until everything is on the disk: large files each by itself, which also reports errors of kernels
    /// before 5.8; the rest in one wait, which for 2,000 small files takes a tenth of one wait each.
    private func synchronizeAll(_ generated: [RelativePath]) throws {
        let large = plan.stored.filter { $0.size >= 1 << 20 }.map(\.path)
        for path in large { try FileHandle.reading(path.joined(to: staging)).synchronize() }
        let small = plan.stored.filter { $0.size < 1 << 20 }.map(\.path) + generated
        // Where they are few, other programs' files, for which the one wait waits too, may take longer.
        if small.count > 32 {
            return try OpenDirectory.opening(staging).synchronizeFileSystem()
        }
        let folders = Set((large + small).flatMap(\.ancestors))
        for path in small { try FileHandle.reading(path.joined(to: staging)).synchronize() }
        for folder in folders { try FileHandle.directory(folder.joined(to: staging)).synchronize() }
        try FileHandle.directory(staging).synchronize()
    }

    private func publish() throws {
        if try FileStatus.existing(target) == nil {
            try AtomicFile.renameNew(staging, to: target)
        } else {
            try replacement.require(directory: target)
            try AtomicFile.exchange(staging, target)
            // First of all, so that the old bundle under the staging name never looks finished.
            try Directory.removeFile(Lock.bundledName.joined(to: staging))
            try Directory.removeTree(staging)
        }
        try AtomicFile.synchronizeDirectory(of: target)
    }
}
