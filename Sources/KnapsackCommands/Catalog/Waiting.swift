import Glibc
import Storage
import Synchronization

/// Work that holds its thread, on one of its own.
enum Waiting {
    /// Does the work, and gives what it gives.
    static func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        let outcome = Outcome<Value>()
        try await Threads.run(1) { _ in
            let result = Result { try work() }
            outcome.value.withLock { $0 = result }
        }
        guard let result = outcome.value.withLock({ $0 }) else {
            throw FileError("wait for", "a thread", code: EAGAIN)
        }
        return try result.get()
    }

    private final class Outcome<Value: Sendable>: Sendable {
        let value = Mutex<Result<Value, any Error>?>(nil)
    }
}
