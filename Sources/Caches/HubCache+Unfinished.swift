package import Manifests
import Storage

/// What a broken download left in a repository's folder.
package struct UnfinishedDownload: Sendable {
    /// Whose it is.
    package let repository: HubRepository
    /// The file, absolute.
    package let path: String
    /// Its bytes so far.
    package let size: Int
}

extension HubCache {
    /// Files of downloads that did not end, or that go on now, by repository and name. None if there is no cache.
    package func unfinished() -> [UnfinishedDownload] {
        var found: [UnfinishedDownload] = []
        for repository in repositories() {
            guard var folder = try? HubFolder(repository, in: self) else { continue }
            found += folder.unfinished()
        }
        return found
    }
}

extension HubFolder {
    fileprivate mutating func unfinished() -> [UnfinishedDownload] {
        guard let blobs = try? enclosure.place("blobs", in: path),
            let names = try? Directory.names(in: blobs.path)
        else { return [] }
        return names.filter(IncompleteDownload.isIncomplete).compactMap { name in
            guard let file = try? enclosure.place(name, in: blobs.path), file.status.kind == .file else {
                return nil
            }
            return UnfinishedDownload(repository: repository, path: file.path, size: file.status.size)
        }
    }
}
