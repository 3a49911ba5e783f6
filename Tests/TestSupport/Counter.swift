import Synchronization

/// A sum that several threads add to.
package final class Counter: Sendable {
    private let sum = Mutex(0)

    package init() {}

    package func add(_ value: Int) { sum.withLock { $0 += value } }
    package var total: Int { sum.withLock { $0 } }
}
