import Synchronization

@testable import Bundles
@testable import Caches
@testable import Formats
@testable import KnapsackCommands
@testable import Locking
@testable import Manifests
@testable import Storage

/// What was written, piece by piece.
final class Written: Sendable {
    private let state = Mutex<[String]>([])
    func add(_ text: String) { state.withLock { $0.append(text) } }
    var parts: [String] { state.withLock { $0 } }
}
