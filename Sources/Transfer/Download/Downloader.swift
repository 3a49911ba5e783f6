import Formats
import Manifests
import Storage
import Synchronization

/// Loads blobs on several connections at once: large ones by pieces, in their order, and small ones beside them.
final class Downloader: Sendable {
    private let patience: Patience
    private let throttle: Throttle
    private let progress: ProgressHandler
    private let notify: @Sendable (String) -> Void
    /// The number of the content, or nil for something that concerns all.
    private let contents: any DownloadWork
    private let queue: Mutex<Queue>

    /// What is left to do.
    private struct Queue {
        /// Small blobs and large ones that nobody has begun, the next one last.
        var small: [Int]
        var large: [Int]
        var open: [LargeBlob] = []
        /// Those that another process is loading, and when to look again.
        var busy: [(index: Int, time: Int64)] = []
        /// How many threads are at work.
        var working = 0
        var outcomes: [BlobOutcome?]
        /// Failures of the network since bytes last came.
        var failures = 0
        /// What ended everything.
        var end: End?
        var hasToldOfBusy = false
    }

    /// Why nothing more is loaded, and the number of the content for which it was seen.
    struct End: Error {
        /// What was thrown.
        let cause: any Error
        /// The number of the content, or nil for something that concerns all.
        let content: Int?
    }

    /// What a thread does next.
    private enum Job {
        case small(Int)
        case open(Int)
        case piece(LargeBlob, Range<Int>)
        case consume(LargeBlob)
        case pause
        case done
    }

    /// So many files that fail because of the network, one after another and without a byte in between, end everything.
    private static let failuresInARow = 3

    /// Sorts the contents into small ones and large ones; nothing is loaded yet. `notify` gets sentences for people.
    init(
        _ contents: any DownloadWork, patience: Patience, throttle: Throttle,
        progress: @escaping ProgressHandler,
        notify: @escaping @Sendable (String) -> Void
    ) {
        self.contents = contents
        self.patience = patience
        self.throttle = throttle
        self.progress = progress
        self.notify = notify
        let order = (0..<contents.count).reversed()
        queue = Mutex(
            Queue(
                small: order.filter { contents.size(of: $0) <= PartialBlob.block },
                large: order.filter { contents.size(of: $0) > PartialBlob.block },
                outcomes: Array(repeating: nil, count: contents.count)))
    }

    /// Loads everything that can be loaded.
    /// - Returns: what became of each content, in their order.
    /// - Throws: what ended everything: a refusal of a service, a full disk, the network.
    func run(connections: Int) async throws(End) -> [BlobOutcome] {
        do throws(FileError) {
            try await Threads.run(connections) { [self] number in work(number) }
        } catch {
            throw End(cause: error, content: nil)
        }
        let queue = queue.withLock { $0 }
        if let end = queue.end { throw end }
        return queue.outcomes.map { $0 ?? .failed(NetworkError.cancelled) }
    }

    /// The life of one thread.
    private func work(_ number: Int) {
        var worker = DownloadWorker(patience.cancellation, throttle: throttle, progress: progress)
        while true {
            switch queue.withLock({ next(&$0, prefersSmall: number.isMultiple(of: 2)) }) {
            case .done: return
            case .pause:
                pause(milliseconds: 20)
                continue
            case .small(let index):
                attempt(index, nil) {
                    guard let task = contents.task(index) else { return set(.found, index) }
                    do {
                        set(try worker.loadSmall(task), index)
                    } catch is BlobInOtherForm {
                        try open(index, &worker)
                    }
                }
            case .consume(let blob):
                attempt(blob.index, blob) {
                    let (outcome, received) = try blob.consume(
                        DownloadWorker(patience.cancellation, throttle: throttle, progress: progress))
                    worker.add(received)
                    if let outcome {
                        progress(.finished(file: blob.task.name))
                        set(outcome, blob.index)
                    } else {
                        progress(.advanced(bytes: -blob.task.size))
                    }
                }
            case .open(let index): attempt(index, nil) { try open(index, &worker) }
            case .piece(let blob, let range):
                attempt(blob.index, blob) {
                    try blob.load(range, &worker)
                    try blob.partial.hashAhead(limit: 2 * LargeBlob.piece, &worker.buffer)
                    try endIfFull(blob, &worker)
                }
            }
            let received = worker.received
            queue.withLock { queue in
                queue.working -= 1
                if received > 0 { queue.failures = 0 }
            }
            worker.forget()
        }
    }

    private func next(_ queue: inout Queue, prefersSmall: Bool) -> Job {
        if queue.end != nil || patience.cancellation.isCancelled { return .done }
        func begin(_ job: Job) -> Job {
            queue.working += 1
            return job
        }
        if prefersSmall, let index = queue.small.popLast() { return begin(.small(index)) }
        for blob in queue.open {
            if blob.beginConsumption() { return begin(.consume(blob)) }
            if let range = blob.claim() { return begin(.piece(blob, range)) }
        }
        if let index = queue.large.popLast() { return begin(.open(index)) }
        if let index = queue.small.popLast() { return begin(.small(index)) }
        if let place = queue.busy.firstIndex(where: { $0.time <= steadyTime() }) {
            let index = queue.busy.remove(at: place).index
            return begin(contents.size(of: index) <= PartialBlob.block ? .small(index) : .open(index))
        }
        return queue.working == 0 && queue.busy.isEmpty && queue.open.isEmpty ? .done : .pause
    }

    /// Does one job, and decides what its error ends.
    private func attempt(_ index: Int, _ blob: LargeBlob?, _ body: () throws -> Void) {
        do {
            try body()
        } catch {
            blob?.fail(error)
            queue.withLock { queue in
                queue.open.removeAll { $0.index == index }
                let isFirst = queue.outcomes[index] == nil
                if isFirst { queue.outcomes[index] = .failed(error) }
                if endsEverything(error, isFirst, &queue), queue.end == nil {
                    queue.end = End(cause: error, content: index)
                    patience.cancellation.cancel()
                }
            }
        }
    }

    private func endsEverything(_ error: any Error, _ isFirst: Bool, _ queue: inout Queue) -> Bool {
        switch error {
        case let refusal as any ServiceRefusal: return !refusal.concernsOneFile
        case let file as FileError: return file.isFullDisk
        case let network as NetworkError:
            if network.kind == .cancelled { return false }
            if !network.isPassing, network.kind != .malformed { return true }
            if isFirst { queue.failures += 1 }
            return queue.failures >= Downloader.failuresInARow
        default: return false
        }
    }

    private func open(_ index: Int, _ worker: inout DownloadWorker) throws {
        guard let task = contents.task(index) else { return set(.found, index) }
        guard let lock = try task.target.lock() else { return set(.busy, index) }
        if try worker.findElsewhere(task) { return set(.found, index) }
        let blob = try LargeBlob(index: index, try task.resolved(), lock: lock)
        queue.withLock { $0.open.append(blob) }
        do {
            try endIfFull(blob, &worker)
        } catch {
            blob.fail(error)
            throw error
        }
    }

    private func endIfFull(_ blob: LargeBlob, _ worker: inout DownloadWorker) throws {
        guard blob.beginEnd() else { return }
        if let outcome = try blob.finish(&worker) {
            set(outcome, blob.index)
        } else {
            // It is loaded once more.
            progress(.advanced(bytes: -blob.task.size))
        }
    }

    private func set(_ outcome: BlobOutcome, _ index: Int) {
        let isNews = queue.withLock { queue -> Bool in
            if case .busy = outcome {
                queue.busy.append((index, steadyTime() + 200_000_000))
                let isNews = !queue.hasToldOfBusy
                queue.hasToldOfBusy = true
                return isNews
            }
            queue.outcomes[index] = outcome
            queue.open.removeAll { $0.index == index }
            return false
        }
        if isNews { notify("another process is loading \(contents.name(of: index)): waiting for it") }
    }
}
