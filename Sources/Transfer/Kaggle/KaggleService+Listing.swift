import Caches
package import Formats
package import Manifests

/// A file of a version, as it is listed.
package struct ListedFile: Sendable {
    /// Its path.
    package let path: RelativePath
    /// Its size in bytes.
    package let size: Int
    /// When it was made, in seconds since 1970; `nil` where Kaggle does not state it.
    package let created: Int64?
}

extension KaggleService {
    /// The handle with the version that is current.
    /// - Throws: ``ServiceRefusal`` and ``NetworkError``.
    package func current(_ handle: KaggleHandle) throws -> KaggleHandle {
        try client.versioned(handle.with(version: nil))
    }

    /// The files of a version that can be written anywhere.
    /// - Throws: ``ServiceRefusal`` and ``NetworkError``.
    package func list(_ handle: KaggleHandle) throws -> [ListedFile] {
        do {
            return (try client.files(handle) ?? []).compactMap { file in
                RelativePath(file.name).map { ListedFile(path: $0, size: file.size, created: file.created) }
            }
        } catch let refusal as KaggleRefusal {
            throw client.refined(refusal, handle)
        }
    }

    /// Whether the cache has a file whole, as its marker states.
    package func has(_ path: RelativePath, of handle: KaggleHandle) -> Bool {
        let folder = KagglehubCacheWriter(handle, cache: cache)
        return folder.isMarked || folder.isMarked(path)
    }

    /// Whether a marker states that the cache has all of a version.
    package func hasAll(of handle: KaggleHandle) -> Bool {
        KagglehubCacheWriter(handle, cache: cache).isMarked
    }
}
