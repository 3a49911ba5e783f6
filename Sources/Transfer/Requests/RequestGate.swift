import Storage
import Synchronization

/// Holds requests back until the time that a server asked for.
final class RequestGate: Sendable {
    /// The steady time from which on requests are sent, in nanoseconds.
    private let opens = Atomic<Int64>(0)

    /// Sends nothing for so many seconds.
    func close(seconds: Double) {
        let time = steadyTime() + Int64(min(max(seconds, 0), 1e6) * 1e9)
        if opens.load(ordering: .relaxed) < time { opens.store(time, ordering: .relaxed) }
    }

    /// Waits until requests are sent.
    func wait(_ cancellation: Cancellation) throws(NetworkError) {
        let left = opens.load(ordering: .relaxed) - steadyTime()
        guard left > 0 else { return }
        // Not everybody at once.
        try RequestGate.sleep(seconds: Double(left) / 1e9 + Double.random(in: 0...0.2), cancellation)
    }

    /// Sleeps, unless the end is asked for.
    static func sleep(seconds: Double, _ cancellation: Cancellation) throws(NetworkError) {
        let end = steadyTime() + Int64(seconds * 1e9)
        while true {
            try cancellation.check()
            let left = Int((end - steadyTime()) / 1_000_000)
            guard left > 0 else { return }
            pause(milliseconds: min(left, 100))
        }
    }
}

/// Keeps all connections together below a number of bytes a second.
package final class Throttle: Sendable {
    private let bytesPerSecond: Int?
    private let next = Mutex<Int64>(0)

    /// - Parameter bytesPerSecond: no limit if it is `nil`.
    package init(bytesPerSecond: Int?) { self.bytesPerSecond = bytesPerSecond }

    /// Waits for as long as bytes that were received should have taken.
    func received(_ count: Int, _ cancellation: Cancellation) throws(NetworkError) {
        guard let bytesPerSecond else { return }
        let now = steadyTime()
        let cost = Int64(Double(count) / Double(max(1, bytesPerSecond)) * 1e9)
        let wait = next.withLock { next in
            // What was not used of the last second is caught up, so that pauses between requests cost nothing; from the
            // first byte on there are never more than the limit allows.
            next = (next == 0 ? now : max(next, now - 1_000_000_000)) + cost
            return next - now
        }
        // Short waits add up to longer ones, which are slept in one.
        guard wait > 20_000_000 else { return }
        try RequestGate.sleep(seconds: Double(wait) / 1e9, cancellation)
    }

    /// The most that should be taken at once, so that a wait is no silence.
    var step: Int { bytesPerSecond.map { max(1 << 10, $0 / 4) } ?? Int.max }
}
