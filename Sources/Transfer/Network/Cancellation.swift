import Synchronization

/// A request that everything that waits for the network ends soon. It can be seen from all threads, and is never taken
/// back.
package final class Cancellation: Sendable {
    private let isAsked = Atomic(false)

    /// Nothing is asked for yet.
    package init() {}

    /// Asks for the end.
    package func cancel() { isAsked.store(true, ordering: .releasing) }

    /// Whether the end was asked for.
    package var isCancelled: Bool { isAsked.load(ordering: .acquiring) }

    /// Ends the work that asks, if the end was asked for.
    func check() throws(NetworkError) {
        if isCancelled { throw .cancelled }
    }
}
