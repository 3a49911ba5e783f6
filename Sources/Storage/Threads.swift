import CLinux
import Glibc
import Synchronization

/// Threads of their own, for work that waits most of its time: the tasks of Swift have one thread a processor, and one
/// that waits holds it.
package enum Threads {
    /// Has glibc return what is freed to the system (mallopt(3)). By default each thread keeps memory of its own, and blocks
    /// of some megabytes with it as soon as one was freed: sixteen threads keep sixteen times the most that one needed.
    private static let memoryIsReturned: Bool = knapsack_return_memory() == 1

    /// Runs `work` on so many threads at once, and returns when all have ended.
    ///
    /// - Parameters:
    ///   - count: at least one thread is run.
    ///   - work: receives the number of its thread, from 0.
    /// - Throws: where the machine can start no thread at all; if it can start some of them, those do the work.
    package static func run(_ count: Int, _ work: @escaping @Sendable (Int) -> Void) async throws(FileError) {
        _ = memoryIsReturned
        let wanted = max(1, count)
        let code = await withCheckedContinuation { (continuation: CheckedContinuation<Int32, Never>) in
            let group = ThreadGroup(work, count: wanted) { continuation.resume(returning: 0) }
            var started = 0
            var failure: Int32 = 0
            for number in 0..<wanted {
                failure = group.start(number)
                guard failure == 0 else { break }
                started += 1
            }
            if started == 0 {
                continuation.resume(returning: failure)
            } else {
                group.leave(wanted - started)
            }
        }
        guard code == 0 else { throw FileError("start a thread for", "the transfer", code: code) }
    }
}

/// The threads of one call, of which the last one to end tells so.
private final class ThreadGroup: Sendable {
    private let work: @Sendable (Int) -> Void
    private let end: @Sendable () -> Void
    private let running: Atomic<Int>

    init(_ work: @escaping @Sendable (Int) -> Void, count: Int, end: @escaping @Sendable () -> Void) {
        self.work = work
        self.end = end
        running = Atomic(count)
    }

    /// Starts one thread.
    /// - Returns: 0, or the error number.
    func start(_ number: Int) -> Int32 {
        var thread = pthread_t()
        let job = Job(group: self, number: number)
        let context = unsafe Unmanaged.passRetained(job)
        // SAFETY: the thread takes over the one reference that was made for it.
        let code = unsafe pthread_create(
            &thread, nil,
            { context in
                guard let context = unsafe context else { return nil }
                let job = unsafe Unmanaged<Job>.fromOpaque(context).takeRetainedValue()
                job.group.work(job.number)
                job.group.leave(1)
                return nil
            }, context.toOpaque())
        if code == 0 { pthread_detach(thread) } else { unsafe context.release() }
        return code
    }

    /// So many threads have ended, or were never started.
    func leave(_ count: Int) {
        guard count > 0 else { return }
        if running.subtract(count, ordering: .acquiringAndReleasing).newValue == 0 { end() }
    }
}

/// What one thread is started with.
private final class Job: Sendable {
    let group: ThreadGroup
    let number: Int

    init(group: ThreadGroup, number: Int) {
        self.group = group
        self.number = number
    }
}
