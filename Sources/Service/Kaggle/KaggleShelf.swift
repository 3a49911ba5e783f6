import Caches
import Formats
import Manifests
import Storage
import Synchronization

/// What a kagglehub cache has, read at most every two seconds: a cache may be filled while it is served.
final class KaggleShelf: Sendable {
    /// The cache that is served.
    let cache: KagglehubCache
    private let listed = Mutex<(handles: [KaggleHandle], readAt: Int64)?>(nil)
    private let kept = Mutex<[KaggleHandle: (holding: KaggleHolding, readAt: Int64)]>([:])

    /// How long what was read is taken for what there is, in nanoseconds.
    private static let life: Int64 = 2_000_000_000
    /// How many versions are kept.
    private static let room = 256

    /// Nothing is read yet.
    init(_ cache: KagglehubCache) { self.cache = cache }

    /// All models and data sets, with versions, in the order of the cache's folders.
    func handles() -> [KaggleHandle] {
        let now = steadyTime()
        if let listed = listed.withLock({ $0 }), now - listed.readAt < KaggleShelf.life {
            return listed.handles
        }
        let handles = cache.handles().filter { $0.kind == .model || $0.kind == .dataset }
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
        guard let holding = try? cache.holding(handle) else { return nil }
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
