import Manifests
import Storage
import Synchronization

/// Works off the slabs of tensors on several threads: the one engine of casting, converting and quantizing.
///
/// Slabs are handed out in order, and each goes to its own place, so that the bytes do not depend on the number of
/// threads. Of several errors that of the first slab is thrown, so that the same error is reported every time.
final class SlabScheduler: Sendable {
    private struct State {
        var queue: SlabQueue
        /// The elements of each group that are not written yet.
        var left: [Int]
        var failure: (slab: Int, error: any Error)?
    }

    /// The group of each tensor: what is reported as finished when nothing of it is left.
    private let groups: [Int]
    private let state: Mutex<State>

    /// - Parameter groups: a number from 0 on for each tensor; every tensor is a group of its own if `nil`.
    init(_ tensors: [SlabQueue.Tensor], groups: [Int]? = nil) {
        let groups = groups ?? Array(tensors.indices)
        self.groups = groups
        var left = [Int](repeating: 0, count: (groups.max() ?? -1) + 1)
        for (tensor, group) in zip(tensors, groups) { left[group] += tensor.count }
        state = Mutex(State(queue: SlabQueue(tensors), left: left))
    }

    /// Works off all slabs.
    /// - Parameters:
    ///   - room: makes what one thread has of its own.
    ///   - carry: reads, converts and writes one slab, and returns how many bytes it read.
    ///   - finish: called once for each group that is written; returns its name for the progress.
    /// - Throws: the error of the first slab that has one, or that the task was cancelled.
    func run<Room>(
        threads: Int, progress: @escaping ProgressHandler, room: @escaping @Sendable () -> Room,
        carry: @escaping @Sendable (Slab, inout Room) throws -> Int,
        finish: @escaping @Sendable (_ group: Int) -> String
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<max(1, threads) {
                group.addTask {
                    var own = room()
                    while let slab = self.next() {
                        if Task.isCancelled { throw ReadFailure.cancelled }
                        do {
                            progress(.advanced(bytes: try carry(slab, &own)))
                        } catch {
                            // What comes before is finished first.
                            return self.stop(at: slab.number, error)
                        }
                        if let group = self.finished(slab) { progress(.finished(file: finish(group))) }
                    }
                }
            }
            try await group.waitForAll()
        }
        if let failure = state.withLock({ $0.failure?.error }) { throw failure }
    }

    /// The next slab; none when all were handed out, or after a failure.
    private func next() -> Slab? {
        state.withLock { $0.failure == nil ? $0.queue.next() : nil }
    }

    /// Ends the work with an error, unless an earlier slab has one.
    private func stop(at slab: Int, _ error: any Error) {
        state.withLock { state in
            if let failure = state.failure, failure.slab <= slab { return }
            state.failure = (slab, error)
        }
    }

    /// Counts a slab as written.
    /// - Returns: its group, where it was that group's last.
    private func finished(_ slab: Slab) -> Int? {
        let group = groups[slab.tensor]
        return state.withLock { state in
            state.left[group] -= slab.elements.count
            return state.left[group] == 0 ? group : nil
        }
    }
}
