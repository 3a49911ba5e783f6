import Formats
import Manifests
import Storage

/// What one thread of a download has of its own.
struct DownloadWorker: ~Copyable {
    let client: HubClient
    let throttle: Throttle
    let progress: ProgressHandler
    /// Receives the bytes of one block.
    var buffer = Buffer(count: FileReader.blockSize)
    /// How many bytes were received and kept.
    private(set) var received = 0

    init(client: HubClient, throttle: Throttle, progress: @escaping ProgressHandler) {
        self.client = client
        self.throttle = throttle
        self.progress = progress
    }

    /// Reads up to so many bytes of an answer to the beginning of the buffer.
    /// - Returns: how many came, and the error that ended it, if one did.
    mutating func fill(_ response: HTTPResponse, _ wanted: Int) -> (count: Int, error: NetworkError?) {
        var done = 0
        do throws(NetworkError) {
            while done < wanted {
                let count = try response.read(
                    into: buffer, at: done, count: min(wanted - done, throttle.step))
                if count == 0 { break }
                done += count
                try throttle.received(count, client.cancellation)
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

    /// Counts from 0 again what was received.
    mutating func forget() { received = 0 }

    /// Ends the work where a lock pins other content.
    func requireLocked(_ task: BlobTask, _ digests: ContentDigests) throws(TransferFailure) {
        guard let locked = task.locked, locked != digests.sha256 else { return }
        PartialBlob.removeLeftovers(of: task.path)
        throw TransferFailure(
            kind: .notAsLocked(found: digests.sha256.hex, expected: locked.hex), file: task.name)
    }

    /// Makes the links to a blob that has its name.
    func link(_ task: BlobTask) throws(FileError) {
        for place in [task.first] + task.others {
            try task.cache.link(place.path, commit: place.commit, to: task.identity.name)
        }
        progress(.finished(file: task.name))
    }

    /// Loads a blob that fits one block: in one request, without a journal.
    mutating func loadSmall(_ task: BlobTask) throws -> BlobOutcome {
        guard let lock = try FileHandle.sharedLock(task.cache.lock(task.identity.name)) else { return .busy }
        defer { _ = lock.descriptor }
        if try findElsewhere(task) { return .found }
        let request = BlobRequest(task, client)
        var wrong: [UInt8]?
        while true {
            let count = try receiveSmall(task, request)
            var hasher = try task.identity.hasher()
            try buffer.withBytes(count) { bytes in try hasher.update(bytes) }
            let digests = try hasher.finish()
            if task.identity.matches(digests) {
                try requireLocked(task, digests)
                try publishSmall(task, count)
                try link(task)
                guard let wrong else { return .loaded }
                return .mended(difference(from: wrong).map { [$0] } ?? [])
            }
            if let wrong {
                let kind =
                    difference(from: wrong).map { TransferFailure.Kind.unstableContent($0) } ?? .wrongContent
                throw TransferFailure(kind: kind, file: task.name)
            }
            wrong = buffer.withBytes(count) { bytes in bytes.indices.map { bytes[$0] } }
            progress(.advanced(bytes: -count))
        }
    }

    /// Whether the blob is there by now, or in the store that repositories share; then it is linked.
    mutating func findElsewhere(_ task: BlobTask) throws -> Bool {
        var isThere = Directory.leadsToFile(task.path, size: task.size)
        if !isThere, let hash = task.xetHash, let store = task.store, task.size > 0 {
            isThere = try store.link(
                hash, task.identity, blob: task.cache.relativeBlob(task.identity.name), &buffer)
        }
        guard isThere else { return false }
        PartialBlob.removeLeftovers(of: task.path)
        try link(task)
        progress(.advanced(bytes: task.size))
        return true
    }

    private mutating func receiveSmall(_ task: BlobTask, _ request: BlobRequest) throws -> Int {
        guard task.size > 0 else { return 0 }
        var failures = 0
        while true {
            do {
                let response =
                    switch try request.send(0..<task.size) {
                    case .part(let response, _), .whole(let response): response
                    }
                let (count, error) = fill(response, task.size)
                if let error { throw error }
                guard count == task.size else {
                    throw NetworkError(.dropped, "the answer ended \(task.size - count) bytes too early")
                }
                progressed(count)
                return count
            } catch let error as NetworkError where error.isPassing {
                failures += 1
                guard failures <= client.retry.retries else { throw error }
                try client.wait(after: failures)
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
