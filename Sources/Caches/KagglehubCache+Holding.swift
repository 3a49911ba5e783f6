package import Formats
package import Manifests

/// What a kagglehub cache has of a version, as far as its markers state it.
package struct KaggleHolding: Sendable {
    /// With the version; without one where there are none.
    package let handle: KaggleHandle
    /// The files whose download ended, sorted by the bytes of their paths.
    package let files: [CachedFile]
    /// Whether those are all files that the version has.
    package let isComplete: Bool

    /// Describes what there is.
    package init(handle: KaggleHandle, files: [CachedFile], isComplete: Bool) {
        self.handle = handle
        self.files = files.sorted { $0.path < $1.path }
        self.isComplete = isComplete
    }

    /// The file of a path; `nil` where there is none whose download ended.
    package func file(_ path: RelativePath) -> CachedFile? { files.first { $0.path == path } }
}

extension KagglehubCache {
    /// What there is of a version; of the newest complete one where the handle has none.
    ///
    /// - Returns: no files of a version whose download was interrupted: nobody knows which of them are whole.
    /// - Throws: if there is no such version.
    package func holding(_ handle: KaggleHandle) throws(Diagnostics) -> KaggleHolding {
        var folder = try KaggleFolder(handle, in: self)
        let version = try folder.resolve(handle.version).version
        let snapshot = try folder.snapshot(version)
        let versioned = handle.with(version: version)
        switch folder.state(version) {
        case .complete:
            // A file that is refused, such as a link that leads out of the cache, is missing in the list.
            let isWhole = snapshot.found.allSatisfy { $0.paths.isEmpty }
            return KaggleHolding(handle: versioned, files: snapshot.files, isComplete: isWhole)
        case .files(let marked):
            return KaggleHolding(
                handle: versioned, files: snapshot.files.filter { marked.contains($0.path) },
                isComplete: false)
        case .interrupted: return KaggleHolding(handle: versioned, files: [], isComplete: false)
        }
    }
}
