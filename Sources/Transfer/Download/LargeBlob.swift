import Caches
import Formats
import Storage
import Synchronization

/// A blob that is loaded by pieces, by several threads at once.
final class LargeBlob: Sendable {
    /// The number of the content.
    let index: Int
    /// What is loaded.
    let task: BlobTask
    /// The file that it is loaded into.
    let partial: PartialBlob
    /// The lock of the client, held until the blob has its name.
    private let lock: FileHandle
    private let state = Mutex(State())

    private struct State {
        var isWhole = false
        var isEnding = false
        var hasFailed = false
        /// Whether a thread takes the bytes while they come.
        var isConsumed = false
        /// The MD5 of what came the first time, if that was wrong.
        var wrong: [UInt8]?
    }

    /// What one request asks for: large enough that the way to the server hardly counts, small enough that all connections
    /// have something to do.
    static let piece = 8 << 20

    /// Fewer bytes than this between two errors are no progress: a server that breaks off after every kilobyte would hold a
    /// file for hours.
    private static let leastProgress = 1 << 16

    /// Opens the partial file, and goes on with what its journal has.
    init(index: Int, _ task: BlobTask, lock: consuming FileHandle) throws {
        self.index = index
        self.task = task
        self.lock = lock
        partial = try PartialBlob(
            task.identity, at: task.path, taken: task.target.consumer?.begin(task.identity))
    }

    /// Whether the caller, and nobody else, has to ``consume(_:)`` the blob.
    func beginConsumption() -> Bool {
        guard task.target.consumer != nil else { return false }
        return state.withLock { state in
            guard !state.isConsumed, !state.hasFailed else { return false }
            state.isConsumed = true
            return true
        }
    }

    /// Whether the work on the blob ended with an error.
    var hasFailed: Bool { state.withLock { $0.hasFailed } }

    /// Gives the bytes to whoever takes them while they come, proves them, and gives names to what became of them.
    ///
    /// - Parameter worker: loads while there is nothing to take.
    /// - Returns: `nil` where the content is wrong and is loaded once more; and how many bytes were received.
    func consume(_ worker: consuming DownloadWorker) throws -> (outcome: BlobOutcome?, received: Int) {
        let feed = LoadingFeed(self, worker)
        guard let consumer = task.target.consumer else { return (.found, 0) }
        let consumed = try consumer.consume(feed, task.identity)
        let wrong = state.withLock { $0.wrong }
        guard task.identity.matches(md5: consumed.md5) else {
            consumer.forget()
            if let wrong {
                partial.remove()
                throw TransferFailure(
                    wrong == consumed.md5 ? .wrongContent : .unstableContent(0..<task.size), file: task.name)
            }
            try partial.beginSecondPass()
            state.withLock { ($0.wrong, $0.isConsumed) = (consumed.md5, false) }
            return (nil, feed.received)
        }
        do {
            if let problem = consumed.problem { throw problem }
            for name in task.names { try name.publish() }
        } catch {
            if !error.isOfFullDisk {
                consumer.forget()
                partial.remove()
            }
            throw error
        }
        partial.remove()
        return (wrong == nil ? .loaded : .mended([]), feed.received)
    }

    /// The next work on the blob; `nil` where there is none that nobody does.
    func claim() -> Range<Int>? {
        let (isOver, isWhole) = state.withLock { ($0.hasFailed || $0.isEnding, $0.isWhole) }
        if isOver { return nil }
        guard isWhole else { return partial.claim(piece: LargeBlob.piece) }
        guard !partial.isFull, partial.claimAll(besides: 0..<0) else { return nil }
        return 0..<task.size
    }

    /// Loads a range that was claimed. What does not come is given back.
    func load(_ range: Range<Int>, _ worker: inout DownloadWorker) throws {
        var position = range.lowerBound
        var holdsAll = false
        do {
            try loadFrom(&position, &holdsAll, range, &worker)
        } catch {
            partial.release(holdsAll ? 0..<task.size : position..<range.upperBound)
            throw error
        }
    }

    /// - Parameter holdsAll: whether the rest of the file was claimed, too, because the server knows no ranges.
    private func loadFrom(
        _ position: inout Int, _ holdsAll: inout Bool, _ range: Range<Int>, _ worker: inout DownloadWorker
    ) throws {
        var failures = 0
        while position < range.upperBound {
            let before = worker.received
            do {
                let isWhole = state.withLock { $0.isWhole }
                switch try task.source.open(isWhole ? nil : position..<range.upperBound) {
                case .part(let stream, _):
                    try receive(stream, &position, until: range.upperBound, &worker)
                    guard worker.received > before else {
                        throw NetworkError(.dropped, "the answer had no bytes")
                    }
                case .whole(let stream):
                    state.withLock { $0.isWhole = true }
                    holdsAll = holdsAll || partial.claimAll(besides: range)
                    guard holdsAll else {
                        // Somebody else reads the file from its start.
                        partial.release(position..<range.upperBound)
                        return
                    }
                    try receiveWhole(stream, &worker)
                    position = range.upperBound
                }
            } catch let error as NetworkError {
                failures = worker.received - before >= LargeBlob.leastProgress ? 1 : failures + 1
                try task.source.patience.wait(after: failures, error)
            }
            if state.withLock({ $0.hasFailed }) { throw NetworkError.cancelled }
        }
    }

    /// Takes the bytes of a part block by block, up to the boundaries of blocks. What came before an error is kept.
    private func receive(
        _ stream: any ByteStream, _ position: inout Int, until end: Int, _ worker: inout DownloadWorker
    ) throws {
        while position < end {
            let limit = min(end, (position / PartialBlob.block + 1) * PartialBlob.block)
            let (count, error) = worker.fill(stream, limit - position)
            if count > 0 {
                try worker.buffer.withBytes(count) { bytes in try partial.write(bytes, at: position) }
                position += count
                worker.progressed(count)
            }
            if let error { throw error }
            // A shorter part than was asked for: the rest is asked for next.
            if count < limit - (position - count) { return }
            if state.withLock({ $0.hasFailed }) { throw NetworkError.cancelled }
        }
    }

    /// Reads the whole file from its start, and takes what is not there yet.
    private func receiveWhole(_ stream: any ByteStream, _ worker: inout DownloadWorker) throws {
        var position = 0
        while position < task.size {
            let wanted = min(task.size - position, PartialBlob.block)
            let (count, error) = worker.fill(stream, wanted)
            let range = position..<position + count
            if count > 0, !partial.has(range) {
                try worker.buffer.withBytes(count) { bytes in try partial.write(bytes, at: position) }
                worker.progressed(count)
            }
            position += count
            if let error { throw error }
            guard count == wanted else {
                throw NetworkError(
                    .dropped, "the answer ended \(task.size - position) bytes before the end of the file")
            }
        }
    }

    /// Whether the caller, and nobody else, has to ``finish(_:)`` the blob.
    func beginEnd() -> Bool {
        guard partial.isFull, task.target.consumer == nil else { return false }
        return state.withLock { state in
            guard !state.isEnding, !state.hasFailed else { return false }
            state.isEnding = true
            return true
        }
    }

    /// Proves what is there, and gives it its name.
    /// - Returns: `nil` where the content is wrong and is loaded once more.
    func finish(_ worker: inout DownloadWorker) throws -> BlobOutcome? {
        let digests = try partial.digests(&worker.buffer)
        let changed = partial.changed
        guard task.identity.matches(digests) else {
            if let changed {
                partial.remove()
                let kind =
                    changed.ranges.first.map { TransferFailure.Kind.unstableContent($0) } ?? .wrongContent
                throw TransferFailure(kind, file: task.name)
            }
            try partial.beginSecondPass()
            state.withLock { $0.isEnding = false }
            return nil
        }
        try worker.requireLocked(task, digests)
        try partial.publish()
        try worker.name(task)
        return changed.map { .mended($0.ranges) } ?? .loaded
    }

    /// Ends the work of all threads on the blob.
    func fail(_ error: any Error) {
        state.withLock { $0.hasFailed = true }
        if let failure = error as? TransferFailure, case .changed = failure.kind {
            partial.remove()
            task.target.consumer?.forget()
        }
    }
}
