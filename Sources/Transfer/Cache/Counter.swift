import Synchronization

/// Numbers of which every one is given out once in a process.
enum Counter {
    private static let last = Atomic(0)

    /// A number that nobody has got.
    static func next() -> Int { last.wrappingAdd(1, ordering: .relaxed).newValue }
}
