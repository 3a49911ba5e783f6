/// How long to go on trying, and whether to at all.
package struct Patience: Sendable {
    /// The pauses.
    let policy: RetryPolicy
    /// The end of everything.
    package let cancellation: Cancellation

    /// Puts the pauses and the end together.
    package init(_ policy: RetryPolicy, _ cancellation: Cancellation) {
        self.policy = policy
        self.cancellation = cancellation
    }

    /// Waits before something is tried again.
    ///
    /// - Parameter failures: how often it has failed since there was any progress, from 1.
    /// - Throws: `error` where it was tried often enough, and where the end is asked for.
    func wait(after failures: Int, _ error: NetworkError) throws(NetworkError) {
        guard error.isPassing, failures <= policy.retries else { throw error }
        let seconds = policy.pause(after: failures, chance: Double.random(in: 0...1))
        try RequestGate.sleep(seconds: seconds, cancellation)
    }

    /// Does something, again where its error may pass.
    func again<Value>(_ body: () throws -> Value) throws -> Value {
        var failures = 0
        while true {
            do {
                return try body()
            } catch let error as NetworkError {
                failures += 1
                try wait(after: failures, error)
            }
        }
    }
}
