import Formats
import Synchronization

/// Versions that were looked up, as long as nothing was changed since: who downloads a file in parts asks for the same one again
/// and again.
final class VersionCache: Sendable {
    private struct Entry: Sendable {
        let generation: Int
        let version: FoundVersion
    }

    private let entries = Mutex<[ExactName: Entry]>([:])
    private let changes = Atomic<Int>(0)

    /// The most versions that are kept, and the most bytes of a document and files of one.
    private static let limit = 256
    private static let textLimit = 1 << 14
    private static let fileLimit = 32

    /// What a version has to be read under: taken before the database is asked.
    var generation: Int { changes.load(ordering: .acquiring) }

    /// Something was changed: after the change, and before anybody is told of it.
    func forget() { changes.add(1, ordering: .acquiringAndReleasing) }

    /// The version of a name; `nil` where it has to be read.
    func version(_ name: String) -> FoundVersion? {
        let now = generation
        return entries.withLock { entries in
            entries[ExactName(name)].flatMap { $0.generation == now ? $0.version : nil }
        }
    }

    /// Keeps a version that was read under a generation.
    func keep(_ version: FoundVersion, _ name: String, _ generation: Int) {
        guard version.text.utf8.count <= VersionCache.textLimit,
            version.files.count <= VersionCache.fileLimit
        else { return }
        entries.withLock { entries in
            if entries.count >= VersionCache.limit { entries.removeAll(keepingCapacity: true) }
            entries[ExactName(name)] = Entry(generation: generation, version: version)
        }
    }
}
