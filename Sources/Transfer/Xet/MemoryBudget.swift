import Storage
import Synchronization

/// Memory that several threads share, in bytes. Whoever has some waits for no more of it.
final class MemoryBudget: Sendable {
    private let left: Mutex<Int>
    private let whole: Int

    /// So many bytes for all.
    init(_ bytes: Int) {
        whole = bytes
        left = Mutex(bytes)
    }

    /// Takes bytes, and waits until there are so many; more than all are taken as all.
    /// - Throws: where somebody wants the work to end.
    func take(_ count: Int, _ cancellation: Cancellation) throws(NetworkError) {
        let count = min(count, whole)
        while true {
            let isTaken = left.withLock { left -> Bool in
                guard left >= count else { return false }
                left -= count
                return true
            }
            if isTaken { return }
            try cancellation.check()
            pause(milliseconds: 5)
        }
    }

    /// Gives bytes back that were taken.
    func giveBack(_ count: Int) { left.withLock { $0 += min(count, whole) } }
}
