package import Manifests
import Storage
import Synchronization

/// How a bundle is uploaded, whatever it is uploaded to.
package struct UploadSettings: Sendable {
    /// How many files are sent at once.
    package let connections: Int
    /// Bounds the bytes a second of all of them together.
    package let throttle: Throttle
    /// The bytes of one request, a multiple of 256 KiB.
    package let piece: Int
    /// What the version, or the commit, is said to be.
    package let message: String
    /// Knapsack's own directory, below which journals are kept.
    package let directory: String
    /// Counts bytes that were sent.
    package let progress: ProgressHandler
    /// Receives sentences about what the work waits for.
    package let notify: @Sendable (String) -> Void

    /// The multiple that pieces are of, in bytes.
    package static let pieceUnit = ResumableSession.unit
    /// The most files that are sent at once: each holds a piece in memory.
    package static let mostConnections = 8

    /// Takes settings that were checked; more connections than ``mostConnections`` are that many.
    package init(
        connections: Int, throttle: Throttle, piece: Int, message: String, directory: String,
        progress: @escaping ProgressHandler, notify: @escaping @Sendable (String) -> Void
    ) {
        self.connections = min(connections, UploadSettings.mostConnections)
        self.throttle = throttle
        self.piece = piece
        self.message = message
        self.directory = directory
        self.progress = progress
        self.notify = notify
    }
}

/// Runs what waits for the network beside the tasks of Swift.
enum UploadThreads {
    /// Runs `work` on a thread of its own.
    static func one<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        let result = Mutex<Result<Value, any Error>?>(nil)
        try await Threads.run(1) { _ in
            let value = Result { try work() }
            result.withLock { $0 = value }
        }
        guard let ended = result.withLock({ $0 }) else { throw NetworkError.cancelled }
        return try ended.get()
    }

    /// Sends files, the largest first, on several threads; the first error ends all of them.
    ///
    /// - Parameters:
    ///   - size: of a file, in bytes.
    ///   - sender: makes what one thread has of its own.
    ///   - send: sends one file, or does what else there is to do with it.
    /// - Returns: what `send` gave for each file, in their order.
    static func each<File: Sendable, Value: Sendable, Sender: ~Copyable>(
        _ files: [File], size: (File) -> Int, connections: Int, _ cancellation: Cancellation,
        sender: @escaping @Sendable () -> Sender,
        send: @escaping @Sendable (File, inout Sender) throws -> Value
    ) async throws -> [Value] {
        let sizes = files.map(size)
        let order = files.indices.sorted { sizes[$0] == sizes[$1] ? $0 < $1 : sizes[$0] > sizes[$1] }
        let next = Atomic(0)
        let results = Mutex([Value?](repeating: nil, count: files.count))
        let failure = Mutex<(any Error)?>(nil)
        try await Threads.run(min(connections, files.count)) { _ in
            var own = sender()
            while !cancellation.isCancelled {
                let position = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard position < order.count else { return }
                do {
                    let value = try send(files[order[position]], &own)
                    results.withLock { $0[order[position]] = value }
                } catch {
                    // The others fail only because they are ended.
                    failure.withLock { if $0 == nil { $0 = error } }
                    cancellation.cancel()
                }
            }
        }
        if let error = failure.withLock({ $0 }) { throw error }
        let values = results.withLock { $0.compactMap(\.self) }
        guard values.count == files.count else { throw NetworkError.cancelled }
        return values
    }
}
