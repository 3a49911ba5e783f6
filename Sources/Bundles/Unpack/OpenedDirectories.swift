import Formats
import Storage
import Synchronization

/// The directories that were opened last, by their paths below a target. They stay what they were when they were opened,
/// whatever gets their names meanwhile.
final class OpenedDirectories: Sendable {
    /// How many are kept open: a process may have 1,024 files open on most systems.
    private static let most = 64

    private let kept = Mutex<[RelativePath: OpenDirectory]>([:])

    /// The directory of a path; `nil` where it is not kept.
    func directory(_ path: RelativePath) -> OpenDirectory? { kept.withLock { $0[path] } }

    /// Keeps a directory, in place of all others where there are too many.
    func keep(_ directory: OpenDirectory, at path: RelativePath) {
        kept.withLock { kept in
            if kept.count >= OpenedDirectories.most { kept.removeAll(keepingCapacity: true) }
            kept[path] = directory
        }
    }

    /// Keeps a directory no more, because it may be removed.
    func forget(_ path: RelativePath) { kept.withLock { kept in kept[path] = nil } }
}
