import Glibc
import Synchronization

/// Work on many items at once, as many as there are processors, with results in the items' order.
package enum Parallel {
    /// The number of processors that this process may use.
    package static var width: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    /// Calls `work` for every item and returns the results in the order of the items.
    ///
    /// Each worker owns one buffer of ``FileReader/blockSize`` bytes, so memory does not grow with the
    /// number or size of the items. The first error ends the work and is thrown.
    /// - Parameters:
    ///   - items: what to work on.
    ///   - size: how much work an item is; with the largest first all workers are busy to the end.
    ///   - work: may block; should look at `Task.isCancelled` in long loops.
    @concurrent
    package static func map<Item: Sendable, Result: Sendable>(
        _ items: [Item], largestFirst size: KeyPath<Item, Int>,
        _ work: @escaping @Sendable (Item, inout Buffer) throws -> Result
    ) async throws -> [Result] {
        let order = items.indices.sorted { left, right in
            let (first, second) = (items[left][keyPath: size], items[right][keyPath: size])
            return first == second ? left < right : first > second
        }
        let state = State<Result>(count: items.count)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<min(width, items.count) {
                group.addTask {
                    var buffer = Buffer(count: FileReader.blockSize)
                    while !Task.isCancelled {
                        let position = state.next.wrappingAdd(1, ordering: .relaxed).oldValue
                        guard position < order.count else { return }
                        let result = try work(items[order[position]], &buffer)
                        state.results.withLock { $0[order[position]] = result }
                    }
                    throw ReadFailure.cancelled
                }
            }
            try await group.waitForAll()
        }
        return state.results.withLock { $0.compactMap(\.self) }
    }
}

/// What the workers share: the next position in the order, and the results so far.
private final class State<Result: Sendable>: Sendable {
    let next = Atomic(0)
    let results: Mutex<[Result?]>

    init(count: Int) { results = Mutex([Result?](repeating: nil, count: count)) }
}

/// The time now, in nanoseconds since 1970.
package func currentTime() -> Int64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}
