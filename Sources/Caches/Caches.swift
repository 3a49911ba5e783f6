package import Manifests

/// The caches of this machine. Those of other tools are read and never written.
package struct Caches: Sendable {
    /// The Hugging Face hub cache.
    package let hub: HubCache
    /// The kagglehub cache.
    package let kagglehub: KagglehubCache
    /// What Kaggle attached to the notebook; `nil` where only the cache counts.
    package let mounts: KaggleMounts?
    /// What Knapsack fetched from registries; `nil` where nobody states where that is kept.
    package let registries: RegistryStore?
    /// What Knapsack itself converted; `nil` where nobody states where that is kept.
    package let conversions: ConversionCache?

    /// Puts caches together; none of them has to exist.
    package init(
        hub: HubCache, kagglehub: KagglehubCache, mounts: KaggleMounts? = nil,
        registries: RegistryStore? = nil, conversions: ConversionCache? = nil
    ) {
        self.hub = hub
        self.kagglehub = kagglehub
        self.mounts = mounts
        self.registries = registries
        self.conversions = conversions
    }

    /// The files that a source means.
    ///
    /// - Parameters:
    ///   - pinned: the revision that a lock has for the source. Exactly that one is taken, whatever
    ///     branches and newer versions there are; one of another source is not looked at.
    ///   - manifestDirectory: what a relative `path:` is seen from.
    /// - Throws: where nothing can be taken. Problems of single files are in the snapshot.
    package func snapshot(
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
                return try attachedOrCached(version)
            }
            return try attachedOrCached(handle)
        case .registry(let artifact):
            guard let registries else {
                throw Diagnostics(
                    Diagnostic(
                        code: .noHome, "\(source.text): nothing states where it was fetched to",
                        fix: "set HOME or KNAPSACK_CACHE_DIR", verdict: .undecided))
            }
            if case .registry(artifact, let manifest) = pinned {
                return try registries.snapshot(artifact, pinned: manifest)
            }
            return try registries.snapshot(artifact, pinned: nil)
        case .path(let directory):
            return try LocalDirectory(directory, relativeTo: manifestDirectory).snapshot()
        }
    }

    private func attachedOrCached(_ handle: KaggleHandle) throws(Diagnostics) -> Snapshot {
        guard let mounts else { return try kagglehub.snapshot(handle) }
        if let attached = try mounts.snapshot(handle) { return attached }
        do {
            return try kagglehub.snapshot(handle)
        } catch {
            throw mounts.unattached(handle, cause: error)
        }
    }
}
