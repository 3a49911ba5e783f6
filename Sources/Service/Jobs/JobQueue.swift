import Formats
package import Storage
import Synchronization

/// The queue of jobs: bounded, in a directory of its own, worked off by two threads. One changes the caches, the other
/// computes, so that a download does not wait for a quantization.
///
/// A job's files are in `work/NUMBER` until it is done and in `results/NUMBER` from then on: nothing of it is seen before.
package final class JobQueue: Sendable {
    /// Why a queue cannot be used.
    package enum Problem: Error, Sendable {
        /// Another server has the directory.
        case inUse
        /// The directory or the list of jobs cannot be used: a clause.
        case unusable(String)
    }

    /// Why a job is not taken.
    enum Refusal: Error {
        /// Too many wait.
        case full
        /// Too many results are kept.
        case tooManyResults
        /// The list cannot be read or written.
        case broken
    }

    private struct Memory {
        /// The jobs that wait or run, by their numbers.
        var active: [Int: Job] = [:]
        /// What ends the work of those that run.
        var controls: [Int: JobControl] = [:]
        private var lastChange = 0

        /// A number that was not given before: also greater than those of a server that ran earlier, as far as clocks go.
        mutating func nextChange() -> Int {
            lastChange = max(lastChange + 1, Int(currentTime() / 1_000_000))
            return lastChange
        }
    }

    private let directory: String
    private let store: JobStore
    private let worker: any JobWorker
    private let lock: FileHandle
    private let memory = Mutex(Memory())
    /// Submitting one after the other keeps the bounds, and the list in the order of the numbers.
    private let submitting = Mutex(())
    private let isStopping = Atomic(false)

    /// How many jobs may wait.
    static let waitingLimit = 100
    /// How many results with files are kept, and how many jobs that have none.
    static let keptLimit = 1000

    /// Opens a queue, and makes one where there is none: what ran when a server was killed waits again, and what it had
    /// written is gone.
    /// - Parameter worker: does the work of one job.
    package init(directory: String, worker: any JobWorker) throws(Problem) {
        self.directory = directory
        self.worker = worker
        var claimed: FileHandle?
        do throws(FileError) {
            try Directory.make(directory)
            claimed = try FileHandle.claiming(Path.join(directory, "lock"))
        } catch {
            throw .unusable("\(error)")
        }
        guard let lock = claimed.take() else { throw .inUse }
        self.lock = lock
        do {
            store = try JobStore(path: Path.join(directory, "jobs.sqlite"))
            try JobQueue.clean(directory, keeping: store.numbersWithFiles())
            for job in try store.waiting() { memory.withLock { $0.active[job.number] = job } }
        } catch {
            throw .unusable("\(error)")
        }
    }

    /// Removes what no job has: work that was broken off, and results that were not acknowledged or are deleted.
    private static func clean(_ directory: String, keeping numbers: [Int]) throws {
        let known = Set(exactly: numbers.map { String($0) })
        for (folder, kept) in [("work", Set<ExactName>()), ("results", known)] {
            let place = Path.join(directory, folder)
            try Directory.make(place)
            for name in try Directory.names(in: place)
            where !kept.contains(name) && name.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
                try Directory.removeTree(Path.join(place, name))
            }
        }
    }

    // MARK: Asking

    /// Adds a job, or finds one that waits or runs for the same.
    func submit(
        _ kind: Job.Kind, owner: String, subject: String, request: JSON
    ) throws(Refusal) -> Job {
        try submitting.withLock { _ throws(Refusal) in
            let active = memory.withLock { Array($0.active.values) }
            let same = active.filter {
                $0.kind == kind && $0.subject.hasSameBytes(as: subject) && $0.request == request
                    && (kind.changesCache || $0.owner.hasSameBytes(as: owner))
            }
            if let same = same.min(by: { $0.number < $1.number }) { return same }
            guard active.count < JobQueue.waitingLimit else { throw .full }
            do {
                if !kind.changesCache, try store.numbersWithFiles().count >= JobQueue.keptLimit {
                    throw Refusal.tooManyResults
                }
                try store.trim(keeping: JobQueue.keptLimit)
                let created = currentTime() / 1_000_000_000
                let number = try store.add(
                    kind, owner: owner, subject: subject, request: request, created: created)
                var job = Job(
                    number: number, kind: kind, owner: owner, subject: subject, request: request,
                    created: created)
                memory.withLock { memory in
                    job.change = memory.nextChange()
                    memory.active[number] = job
                }
                return job
            } catch let refusal as Refusal {
                throw refusal
            } catch {
                throw .broken
            }
        }
    }

    /// A job as it is now; `nil` if there is none of that number.
    func job(_ number: Int) throws(Refusal) -> Job? {
        if let job = memory.withLock({ $0.active[number] }) { return job }
        do { return try store.job(number) } catch { throw .broken }
    }

    /// The jobs that wait or run.
    var active: [Job] { memory.withLock { Array($0.active.values) }.sorted { $0.number < $1.number } }

    /// The jobs that a filter takes, the newest first.
    func jobs(_ filter: JobStore.Filter) throws(Refusal) -> [Job] {
        do {
            let stored = try store.jobs(filter)
            return memory.withLock { memory in stored.map { memory.active[$0.number] ?? $0 } }
        } catch {
            throw .broken
        }
    }

    /// How many jobs there are in each state.
    package var counts: [(state: String, count: Int)] {
        let counts = (try? store.counts()) ?? [:]
        return Job.State.allCases.map { ($0.rawValue, counts[$0.rawValue] ?? 0) }
    }

    /// Ends a job that waits or runs; its work is ended soon afterwards.
    /// - Returns: the job as it is now; `nil` where it had ended already.
    func cancel(_ number: Int) throws(Refusal) -> Job? {
        guard var job = memory.withLock({ $0.active[number] }) else { return nil }
        job.state = .cancelled
        job.ended = currentTime() / 1_000_000_000
        job.progress = .null
        do {
            guard try store.update(job) else { return nil }
        } catch {
            throw .broken
        }
        let control = memory.withLock { memory in
            memory.active.removeValue(forKey: number)
            return memory.controls[number]
        }
        control?.cancel()
        return job
    }

    /// Forgets a job that ended, and removes its files.
    func remove(_ number: Int) throws(Refusal) {
        do {
            try store.remove(number)
            try Directory.removeTree(results(number))
        } catch {
            throw .broken
        }
    }

    /// Where the files of a job that is done are.
    func results(_ number: Int) -> String { Path.join(directory, "results/\(number)") }

    // MARK: Working

    /// Works until ``stop()`` is called. What runs then begins again with the next server.
    package func run() async throws(FileError) {
        try await Threads.run(2) { [self] number in
            while !isStopping.load(ordering: .acquiring) {
                if let job = next(changingCache: number == 0) { work(job) } else { pause(milliseconds: 20) }
            }
        }
    }

    /// Has ``run()`` return soon, and whoever watches a job be told so.
    package func stop() {
        isStopping.store(true, ordering: .releasing)
        for control in memory.withLock({ Array($0.controls.values) }) { control.cancel() }
    }

    /// Whether ``stop()`` was called.
    var hasStopped: Bool { isStopping.load(ordering: .acquiring) }

    private func next(changingCache: Bool) -> Job? {
        memory.withLock { memory in
            memory.active.values.filter {
                $0.state == .queued && $0.kind.changesCache == changingCache
                    && memory.controls[$0.number] == nil
            }.min { $0.number < $1.number }
        }
    }

    private func work(_ waiting: Job) {
        var job = waiting
        job.state = .running
        job.attempts += 1
        job.started = currentTime() / 1_000_000_000
        let control = JobControl { [self] progress in
            memory.withLock { memory in
                guard memory.active[waiting.number] != nil else { return }
                memory.active[waiting.number]?.progress = progress
                let change = memory.nextChange()
                memory.active[waiting.number]?.change = change
            }
        }
        memory.withLock { $0.controls[job.number] = control }
        defer { _ = memory.withLock { $0.controls.removeValue(forKey: job.number) } }
        // The server may have been told to end since the job was chosen, and controls that were not there were not cancelled.
        if hasStopped { control.cancel() }
        guard !hasStopped, begin(&job) else { return }
        let place = Path.join(directory, "work/\(job.number)")
        defer { try? Directory.removeTree(place) }
        do {
            job.result = try result(of: job, in: place, control)
            guard !hasStopped else { return }
            job.state = .done
        } catch {
            guard !hasStopped else { return }
            worker.undo(job)
            job.state = .failed
            let failure = error as? JobFailure
            job.error = failure?.reason ?? "\(error)"
            job.result = failure?.result ?? .null
        }
        end(job)
    }

    /// Does the work, and gives its files the name of results.
    private func result(of job: Job, in place: String, _ control: JobControl) throws -> JSON {
        try Directory.removeTree(place)
        try Directory.make(place)
        let result = try worker.work(job, in: place, control)
        guard !job.kind.changesCache, !hasStopped else { return result }
        try PartialDirectory.synchronize(place)
        try AtomicFile.rename(place, to: results(job.number))
        try AtomicFile.synchronizeDirectory(of: results(job.number))
        return result
    }

    /// Notes that a job runs.
    /// - Returns: whether it does: not where it was cancelled meanwhile.
    private func begin(_ job: inout Job) -> Bool {
        guard (try? store.update(job)) == true else {
            // Somebody cancelled it, or the list cannot be written: it is tried again when that can be.
            pause(milliseconds: 500)
            return false
        }
        return memory.withLock { memory in
            guard memory.active[job.number] != nil else { return false }
            job.change = memory.nextChange()
            memory.active[job.number] = job
            return true
        }
    }

    /// Notes how a job ended. Where the list cannot be written, as on a full disk, that is tried until it can be.
    private func end(_ job: Job) {
        var job = job
        job.progress = .null
        while !hasStopped {
            job.ended = currentTime() / 1_000_000_000
            if let isWritten = try? store.update(job) {
                if !isWritten {
                    worker.undo(job)
                    try? Directory.removeTree(results(job.number))
                }
                _ = memory.withLock { $0.active.removeValue(forKey: job.number) }
                return
            }
            pause(milliseconds: 500)
        }
    }
}
