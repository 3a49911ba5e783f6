import Synchronization

/// A sum that several threads add to.
final class Counter: Sendable {
    private let sum = Mutex(0)
    func add(_ value: Int) { sum.withLock { $0 += value } }
    var total: Int { sum.withLock { $0 } }
}
