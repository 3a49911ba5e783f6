import Storage

/// The caches of this machine. They are read and never written.
public struct Caches: Sendable {
    /// The Hugging Face hub cache.
    public let hub: HubCache
    /// The kagglehub cache.
    public let kagglehub: KagglehubCache

    /// Puts two caches together; neither has to exist.
    public init(hub: HubCache, kagglehub: KagglehubCache) {
        self.hub = hub
        self.kagglehub = kagglehub
    }

    /// The files that a source means.
    ///
    /// - Parameters:
    ///   - pinned: the revision that a lock has for the source. Exactly that one is taken, whatever
    ///     branches and newer versions there are; one of another source is not looked at.
    ///   - manifestDirectory: what a relative `path:` is seen from.
    /// - Throws: where nothing can be taken. Problems of single files are in the snapshot.
    public func snapshot(
        for source: Source, pinned: Origin?, manifestDirectory: String
    ) throws(Diagnostics) -> Snapshot {
        switch source {
        case .hub(let repository, let revision):
            if case .hub(repository, let ref, let commit) = pinned {
                return try hub.snapshot(repository, ref: ref, commit: commit)
            }
            return try hub.snapshot(repository, revision: revision)
        case .kaggle(let handle):
            if case .kaggle(let version) = pinned, version.with(version: nil) == handle.with(version: nil) {
                return try kagglehub.snapshot(version)
            }
            return try kagglehub.snapshot(handle)
        case .path(let directory):
            return try LocalDirectory(directory, relativeTo: manifestDirectory).snapshot()
        }
    }
}
