import Synchronization

/// The importance of tensors' columns, each read once and kept until its tensor is written.
final class ImportanceValues: Sendable {
    private let read: ModelWriter.Importance
    private let values = Mutex<[Int: [Float]]>([:])
    /// Held while a tensor's importance is read, so that only one thread reads it.
    private let reading = Mutex(())

    /// Takes the function that reads a tensor's importance; nothing is read yet.
    init(_ read: @escaping ModelWriter.Importance) { self.read = read }

    /// The importance of a tensor's columns.
    func values(of tensor: Int) throws -> [Float] {
        try reading.withLock { _ in
            if let known = values.withLock({ $0[tensor] }) { return known }
            let found = try read(tensor)
            values.withLock { $0[tensor] = found }
            return found
        }
    }

    /// Forgets what is not needed any more.
    func forget(_ tensor: Int) { values.withLock { $0[tensor] = nil } }
}
