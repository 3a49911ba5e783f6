import Formats
import Manifests
import Storage

/// What one thread of a download has of its own.
struct DownloadWorker: ~Copyable {
    /// Whether somebody wants it to end.
    let cancellation: Cancellation
    /// Bounds the bytes a second of all workers together.
    let throttle: Throttle
    /// Gets the bytes that came.
    let progress: ProgressHandler
    /// Receives the bytes of one block.
    var buffer = Buffer(count: FileReader.blockSize)
    /// How many bytes were received and kept.
    private(set) var received = 0

    /// A worker without a connection and with nothing received.
    init(_ cancellation: Cancellation, throttle: Throttle, progress: @escaping ProgressHandler) {
        self.cancellation = cancellation
        self.throttle = throttle
        self.progress = progress
    }

    /// Reads up to so many bytes of a stream to the beginning of the buffer.
    /// - Returns: how many came, and the error that ended it, if one did.
    mutating func fill(_ stream: any ByteStream, _ wanted: Int) -> (count: Int, error: NetworkError?) {
        var done = 0
        do throws(NetworkError) {
            while done < wanted {
                let count = try stream.read(
                    into: buffer, at: done, count: min(wanted - done, throttle.step))
                if count == 0 { break }
                done += count
                try throttle.received(count, cancellation)
            }
            return (done, nil)
        } catch {
            return (done, error)
        }
    }

    /// So many bytes are where they belong.
    mutating func progressed(_ count: Int) {
        received += count
        progress(.advanced(bytes: count))
    }

    /// Another worker received so many bytes on its behalf.
    mutating func add(_ count: Int) { received += count }

    /// Counts from 0 again what was received.
    mutating func forget() { received = 0 }

    /// Ends the work where a lock pins other content.
    func requireLocked(_ task: BlobTask, _ digests: ContentDigests) throws(TransferFailure) {
        guard let locked = task.locked, locked != digests.sha256 else { return }
        PartialBlob.removeLeftovers(of: task.path)
        throw TransferFailure(
            .notAsLocked(found: digests.sha256.hex, expected: locked.hex), file: task.name)
    }

    /// Gives the names to a blob that is at its target.
    func name(_ task: BlobTask) throws {
        for name in task.names { try name.publish() }
        progress(.finished(file: task.name))
    }

    /// Loads a blob that fits one block: in one request, without a journal.
    mutating func loadSmall(_ task: BlobTask) throws -> BlobOutcome {
        guard let lock = try task.target.lock() else { return .busy }
        defer { _ = lock.descriptor }
        if try findElsewhere(task) { return .found }
        var wrong: [UInt8]?
        while true {
            let count = try receiveSmall(task)
            let identity = try task.resolved().identity
            guard identity.size == task.size else { throw BlobInOtherForm() }
            var hasher = try identity.hasher()
            try buffer.withBytes(count) { bytes in try hasher.update(bytes) }
            let digests = try hasher.finish()
            if identity.matches(digests) {
                try requireLocked(task, digests)
                try publishSmall(task, count)
                try name(task)
                guard let wrong else { return .loaded }
                return .mended(difference(from: wrong).map { [$0] } ?? [])
            }
            if let wrong {
                let kind =
                    difference(from: wrong).map { TransferFailure.Kind.unstableContent($0) } ?? .wrongContent
                throw TransferFailure(kind, file: task.name)
            }
            wrong = buffer.withBytes(count) { bytes in bytes.indices.map { bytes[$0] } }
            progress(.advanced(bytes: -count))
        }
    }

    /// Whether the blob is there by now, or elsewhere in the cache; then it gets its names.
    mutating func findElsewhere(_ task: BlobTask) throws -> Bool {
        var isThere = Directory.leadsToFile(task.path, size: task.size)
        if !isThere { isThere = try task.target.takeFromElsewhere(task.identity, &buffer) }
        guard isThere else { return false }
        PartialBlob.removeLeftovers(of: task.path)
        try name(task)
        progress(.advanced(bytes: task.missing))
        return true
    }

    private mutating func receiveSmall(_ task: BlobTask) throws -> Int {
        guard task.size > 0 else { return 0 }
        var failures = 0
        while true {
            do {
                let stream =
                    switch try task.source.open(0..<task.size) {
                    case .part(let stream, _), .whole(let stream): stream
                    }
                let (count, error) = fill(stream, task.size)
                if let error { throw error }
                guard count == task.size else {
                    throw NetworkError(.dropped, "the answer ended \(task.size - count) bytes too early")
                }
                progressed(count)
                return count
            } catch let error as NetworkError {
                failures += 1
                try task.source.patience.wait(after: failures, error)
            }
        }
    }

    private func publishSmall(_ task: BlobTask, _ count: Int) throws(FileError) {
        let partial = PartialBlob.partialPath(of: task.path)
        let file = try FileHandle.updating(partial)
        try file.resize(0)
        try buffer.withBytes(count) { bytes throws(FileError) in try file.write(bytes, at: 0) }
        try file.synchronizeContent()
        try AtomicFile.rename(partial, to: task.path)
        try Directory.removeFile(PartialBlob.journalPath(of: task.path))
    }

    /// Where the bytes in the buffer differ from others of the same number.
    private func difference(from other: [UInt8]) -> Range<Int>? {
        buffer.withBytes(other.count) { bytes in
            let places = other.indices.filter { other[$0] != bytes[$0] }
            guard let first = places.first, let last = places.last else { return nil }
            return first..<last + 1
        }
    }
}
