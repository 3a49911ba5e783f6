import Caches
import Formats
import Manifests
import Storage

/// Restores everything from an archive in one pass from front to back.
///
/// Every part of a stored file goes straight to its places in the files that have it, under their unfinished
/// names: a file in segments may get its end first. So nothing is staged besides, and no more disk is needed
/// than the files take. A file that is stored whole is hashed while it passes; one in segments is read back
/// when all of it is there. What is known of the parts takes memory by the lock alone, not by the archive.
struct UnpackStream: Sendable {
    private let archive: ArchiveContent
    private let writers: [UnpackWriter]
    private let progress: ProgressHandler

    /// Where a range of a stored file goes.
    private struct Part {
        let file: Key
        /// The range of the stored file.
        let range: Range<Int>
        /// Where it begins in the restored file.
        let position: Int
        /// Whether it is all of the restored file.
        let isWhole: Bool
    }

    /// A restored file: which writer's, and its item's number.
    private struct Key: Hashable {
        let writer: Int
        let item: Int
    }

    private var parts: [RelativePath: [Part]] = [:]
    /// What bases have, which are read at any place when the archive was read.
    private var partsOfBases: [(segment: Segment, part: Part)] = []
    /// How many parts of each file are still to come.
    private var left: [Key: Int] = [:]
    /// The files that were begun, under their unfinished names.
    private var begun: Set<Key> = []
    private var outcomes: [[Int: UnpackWriter.Outcome]]
    /// Files that are whole and right, and wait for the disk.
    private var ready: [Key] = []
    private var readyBytes = 0
    /// The directories for unfinished files: each is opened once, however many files go through it.
    private var stagings: [[RelativePath: OpenDirectory]]
    private static let readyLimit = 1 << 28

    /// Takes the archive and a writer for every target; nothing is restored yet.
    init(_ archive: ArchiveContent, _ writers: [UnpackWriter], progress: @escaping ProgressHandler) {
        self.archive = archive
        self.writers = writers
        self.progress = progress
        outcomes = writers.map(\.present)
        stagings = writers.map { _ in [:] }
        for (number, writer) in writers.enumerated() {
            for item in writer.absent {
                let key = Key(writer: number, item: item.number)
                left[key] = item.ranges.count
                var position = 0
                for range in item.ranges {
                    // The lock's reader made sure that no range ends past 2^63, nor do all of one file.
                    let part = Part(
                        file: key, range: range.offset..<range.offset + range.length, position: position,
                        isWhole: item.ranges.count == 1)
                    if range.base == nil {
                        parts[range.at, default: []].append(part)
                    } else {
                        partsOfBases.append((range, part))
                    }
                    position += range.length
                }
            }
        }
    }

    /// Writes everything.
    ///
    /// - Returns: for every writer what went wrong with single files; of an archive that breaks off, what came
    ///   before is restored, and nothing states of an entry that lacks a file that it is whole.
    @concurrent
    mutating func write() async throws -> [UnpackWriter.Finished] {
        do {
            for writer in writers { try writer.removeLeftovers() }
            let broken = try receiveAll()
            try receiveFromBases()
            try await proveRest()
            try placeReady()
            let lost = try failRest(broken)
            var finished = try writers.indices.map { try writers[$0].finish(outcomes[$0]) }
            finished[0].findings = lost + finished[0].findings
            return finished
        } catch {
            for writer in writers { try? writer.removeLeftovers() }
            throw writers.first.map { $0.explained(error) } ?? error
        }
    }

    // MARK: Receiving

    /// - Returns: why the archive could not be read to its end.
    private mutating func receiveAll() throws -> ArchiveError? {
        do {
            var reader = try ArchiveReader(path: archive.path, format: archive.format)
            var bounds = MemberBounds(
                archive.name, format: archive.format,
                size: (try? FileStatus.status(of: archive.path).size) ?? 0)
            if let expected = try? ExpectedFiles(lock: archive.lock) { bounds.learn(expected) }
            while !parts.isEmpty, let entry = try reader.next() {
                if Task.isCancelled { throw ReadFailure.cancelled }
                let isAdmitted = try bounds.admits(entry)
                guard let wanted = parts.removeValue(forKey: entry.path) else { continue }
                guard isAdmitted else {
                    refuse(entry, wanted)
                    continue
                }
                try receive(entry, wanted, &reader)
                progress(.finished(file: entry.path.text))
                if ready.count >= UnpackWriter.batch || readyBytes >= UnpackStream.readyLimit {
                    try placeReady()
                }
            }
            return nil
        } catch let error as ArchiveError {
            return error
        }
    }

    /// Writes what bases have to its places.
    private mutating func receiveFromBases() throws {
        var buffer = Buffer(count: FileReader.blockSize)
        for (segment, part) in partsOfBases {
            guard let content = try writers[part.file.writer].bases.source(of: segment) else { continue }
            let (staging, name) = try unfinished(part.file)
            if begun.insert(part.file).inserted { _ = try staging.creating(name) }
            let file = try staging.writing(name)
            var position = part.position
            try content.read(segment.at, part.range, into: &buffer) { bytes in
                try file.write(bytes, at: position)
                position += bytes.count
                progress(.advanced(bytes: bytes.count))
            }
            left[part.file] = (left[part.file] ?? 1) - 1
        }
    }

    /// A file of another size than the lock's is not read: nothing comes out of it that the lock has.
    private mutating func refuse(_ entry: ArchiveEntry, _ wanted: [Part]) {
        for part in wanted {
            fail(
                part.file,
                Diagnostic(
                    code: .changed,
                    "\(archive.name): \(FileWalk.shown(entry.path)) has \(entry.size) bytes, and not what the lock states",
                    notes: ["needed for \(item(part.file).name)"], fix: "copy the bundle again"))
        }
    }

    private mutating func receive(
        _ entry: ArchiveEntry, _ wanted: [Part], _ reader: inout ArchiveReader
    ) throws {
        let fitting = wanted.filter { part in
            guard part.range.upperBound > entry.size else { return true }
            fail(
                part.file,
                Diagnostic(
                    code: .changed,
                    "\(archive.name): \(FileWalk.shown(entry.path)) is too short: \(entry.size) bytes",
                    notes: ["needed for \(item(part.file).name)"], fix: "copy the bundle again"))
            return false
        }.sorted { $0.range.lowerBound < $1.range.lowerBound }
        for part in fitting {
            guard begun.insert(part.file).inserted else { continue }
            let (staging, name) = try unfinished(part.file)
            _ = try staging.creating(name)
        }
        // One hasher does for all files that are the stored file itself.
        let copies = fitting.filter { $0.isWhole && $0.range == 0..<entry.size }
        let needsGitBlob = copies.contains { item($0.file).needsGitBlob }
        var hasher: ContentHasher?
        if !copies.isEmpty { hasher = try ContentHasher(gitBlobLength: needsGitBlob ? entry.size : nil) }
        var open = OpenParts()
        var next = 0
        var position = 0
        try reader.read { block in
            if Task.isCancelled { throw ReadFailure.cancelled }
            let end = position + block.count
            while next < fitting.count, fitting[next].range.lowerBound < end {
                let part = fitting[next]
                let (staging, name) = try unfinished(part.file)
                open.add(part.range, to: part.position, staging, name)
                next += 1
            }
            progress(.advanced(bytes: try open.write(block, at: position)))
            try hasher?.update(block)
            position = end
        }
        let digests = try hasher.take()?.finish()
        for part in fitting {
            let count = (left[part.file] ?? 1) - 1
            left[part.file] = count
            guard count == 0, part.isWhole, part.range == 0..<entry.size, let digests else { continue }
            try settle(part.file, digests)
        }
    }

    /// Decides about a file of which all is written.
    private mutating func settle(_ file: Key, _ digests: ContentDigests) throws {
        left[file] = nil
        let item = item(file)
        guard digests.sha256 == item.sha256 else {
            let (staging, name) = try unfinished(file)
            try staging.removeFile(name)
            outcomes[file.writer][file.item] = .failed(writers[file.writer].damaged(item, digests.sha256))
            return
        }
        outcomes[file.writer][file.item] = .done(digests)
        ready.append(file)
        readyBytes += item.size
    }

    // MARK: After the pass

    /// Reads the files back that came in parts.
    private mutating func proveRest() async throws {
        let whole = left.filter { $0.value == 0 }.map { (key: $0.key, item: item($0.key)) }
            .sorted { ($0.key.writer, $0.key.item) < ($1.key.writer, $1.key.item) }
        let writers = writers
        let found = try await Parallel.map(whole, largestFirst: \.item.size) { file, buffer in
            let (staging, name) = try writers[file.key.writer].unfinished(file.item)
            // A file of no parts has no bytes.
            if file.item.ranges.isEmpty { _ = try staging.creating(name) }
            return try FileReader.read(
                staging.reading(name), gitBlob: file.item.needsGitBlob, buffer: &buffer
            ) { _ in }.digests
        }
        for (file, digests) in zip(whole, found) { try settle(file.key, digests) }
    }

    private mutating func placeReady() throws {
        for number in writers.indices {
            let items = ready.filter { $0.writer == number }.map(item)
            if !items.isEmpty { try writers[number].synchronizeAndPlace(items, &outcomes[number]) }
        }
        ready = []
        readyBytes = 0
    }

    /// What parts did not come of fails, and nothing half-written of it stays.
    private mutating func failRest(_ broken: ArchiveError?) throws -> [Diagnostic] {
        let names = Set(left.keys.map { ExactName(item($0).name) }).sorted()
        var findings: [Diagnostic] = []
        if let broken {
            let more = names.count > 3 ? ["… and \(names.count - 3) more"] : []
            findings = [
                broken.diagnostic(
                    archive.name, notes: names.prefix(3).map { "not restored: \($0)" } + more)
            ]
        } else {
            for (path, parts) in parts.sorted(by: { $0.key < $1.key }) {
                guard let part = parts.first else { continue }
                let shown = FileWalk.shown(path)
                findings.append(
                    Diagnostic(
                        code: .missing, "\(archive.name): \(shown) is missing",
                        notes: ["needed for \(item(part.file).name)"], fix: "copy the bundle again"))
            }
        }
        for file in left.keys { fail(file, nil) }
        for writer in writers { try writer.removeLeftovers() }
        return findings
    }

    private mutating func fail(_ file: Key, _ problem: Diagnostic?) {
        if case .failed(_?)? = outcomes[file.writer][file.item] { return }
        outcomes[file.writer][file.item] = .failed(problem)
    }

    private func item(_ file: Key) -> UnpackPlan.Item { writers[file.writer].plan.items[file.item] }

    /// Where a file is stored until it is whole.
    private mutating func unfinished(_ file: Key) throws -> (OpenDirectory, String) {
        let writer = writers[file.writer]
        let (path, name) = writer.unfinishedPath(item(file))
        if let open = stagings[file.writer][path] { return (open, name) }
        let open = try writer.directory.directory(making: path)
        stagings[file.writer][path] = open
        return (open, name)
    }
}

/// The places that the bytes of a stored file go to just now.
///
/// Files are opened for every block: that costs little beside writing one, and of one stored file there may be
/// more equal ones to restore than files may be open.
private struct OpenParts {
    private struct Place {
        let range: Range<Int>
        let position: Int
        let staging: OpenDirectory
        let name: String
    }

    private var places: [Place] = []

    mutating func add(_ range: Range<Int>, to position: Int, _ staging: OpenDirectory, _ name: String) {
        places.append(Place(range: range, position: position, staging: staging, name: name))
    }

    /// Writes what belongs to each place of the block at `offset` of the stored file.
    /// - Returns: the bytes that were written.
    mutating func write(_ block: Span<UInt8>, at offset: Int) throws -> Int {
        let end = offset + block.count
        var written = 0
        for place in places {
            let part = place.range.clamped(to: offset..<end)
            guard !part.isEmpty else { continue }
            let bytes = block.extracting(part.lowerBound - offset..<part.upperBound - offset)
            let position = place.position + part.lowerBound - place.range.lowerBound
            let file = try place.staging.writing(place.name)
            try file.write(bytes, at: position)
            file.startWriteback(offset: position, count: bytes.count)
            written += part.count
        }
        places.removeAll { $0.range.upperBound <= end }
        return written
    }
}
