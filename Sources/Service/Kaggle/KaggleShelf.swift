import Caches
import Formats
import Manifests
import Storage
import Synchronization

/// What kagglehub caches have, read at most every two seconds: a cache may be filled while it is served.
final class KaggleShelf: Sendable {
    private let caches: [KagglehubCache]
    private let listed = Mutex<(handles: [KaggleHandle], readAt: Int64)?>(nil)
    private let kept = Mutex<[KaggleHandle: (holding: KaggleHolding, readAt: Int64)]>([:])

    /// How long what was read is taken for what there is, in nanoseconds.
    private static let life: Int64 = 2_000_000_000
    /// How many versions are kept.
    private static let room = 256

    /// Nothing is read yet.
    /// - Parameter caches: those that are served; of what several have the first one counts.
    init(_ caches: [KagglehubCache]) { self.caches = caches }

    /// All models and data sets, with versions, in the order of their folders.
    func handles() -> [KaggleHandle] {
        let now = steadyTime()
        if let listed = listed.withLock({ $0 }), now - listed.readAt < KaggleShelf.life {
            return listed.handles
        }
        let lists = caches.map { $0.handles().filter { $0.kind == .model || $0.kind == .dataset } }
        var handles = lists.first ?? []
        for list in lists.dropFirst() {
            let known = Set(handles)
            handles += list.filter { !known.contains($0) }
        }
        if lists.count > 1, !handles.isEmpty {
            // Versions of one thing have to be together.
            handles.sort { left, right in
                if left.kind != right.kind { return left.kind == .model }
                if left.folder != right.folder { return left.folder.precedesByBytes(right.folder) }
                return (left.version ?? 0) < (right.version ?? 0)
            }
        }
        listed.withLock { $0 = (handles, now) }
        return handles
    }

    /// The versions of a handle, in ascending order.
    func versions(_ handle: KaggleHandle) -> [Int] {
        let base = handle.with(version: nil)
        return handles().filter { $0.with(version: nil) == base }.compactMap(\.version)
    }

    /// What there is of a version; of the newest complete one where the handle has none.
    /// - Returns: `nil` where there is nothing.
    func holding(_ handle: KaggleHandle) -> KaggleHolding? {
        let now = steadyTime()
        if let found = kept.withLock({ $0[handle] }), now - found.readAt < KaggleShelf.life {
            return found.holding
        }
        guard let holding = caches.lazy.compactMap({ try? $0.holding(handle) }).first else { return nil }
        kept.withLock { all in
            if all.count >= KaggleShelf.room { all = all.filter { now - $0.value.readAt < KaggleShelf.life } }
            if all.count < KaggleShelf.room { all[handle] = (holding, now) }
        }
        return holding
    }

    /// Forgets what was read, because something is not what it was.
    func forget() {
        listed.withLock { $0 = nil }
        kept.withLock { $0 = [:] }
    }
}
