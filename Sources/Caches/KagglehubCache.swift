import Formats
package import Manifests

/// The kagglehub cache. It is read and never written.
///
/// kagglehub keeps no digests, so nothing in it can be proved by anything but Knapsack's own hash.
package struct KagglehubCache: Sendable {
    /// The cache's directory as it was named; it may be a link. An empty text is the current directory.
    package let root: String

    /// Names a cache; nothing is looked at yet.
    package init(root: String) { self.root = root }

    /// The directory that kagglehub would use in this environment.
    package static func defaultRoot(environment: [String: String]) -> String {
        CacheRoots.kagglehub(environment)
    }

    /// The files in which Kaggle's clients would look for the user's name and key in this environment, in their order.
    package static func keyPaths(environment: [String: String]) -> [String] {
        CacheRoots.kaggleSettings(environment).map { Path.join($0, "kaggle.json") }
    }

    /// A file in `~/.kaggle`, where Kaggle's clients keep tokens whatever the environment is.
    package static func tokenPath(_ name: String, environment: [String: String]) -> String {
        Path.join(CacheRoots.homeExpanded("~/.kaggle", environment), name)
    }

    /// The handles, with versions, of all that has a directory in the cache, whole or not: models first,
    /// then by the bytes of the folders' names, then by version. None if there is no cache.
    package func handles() -> [KaggleHandle] {
        guard var enclosure = try? CacheSandbox(root) else { return [] }
        return KaggleListing(&enclosure).handles
    }

    /// The handle with its version: the newest complete one where it has none.
    ///
    /// - Throws: what is missing, with what is there instead.
    package func resolve(_ handle: KaggleHandle) throws(Diagnostics) -> KaggleHandle {
        var folder = try KaggleFolder(handle, in: self)
        return handle.with(version: try folder.resolve(handle.version).version)
    }

    /// The files of a version; of the newest complete one where the handle has none.
    ///
    /// - Throws: if there is no such version. Problems of single files are in the snapshot.
    package func snapshot(_ handle: KaggleHandle) throws(Diagnostics) -> Snapshot {
        var folder = try KaggleFolder(handle, in: self)
        return try folder.snapshot(handle.version)
    }
}
