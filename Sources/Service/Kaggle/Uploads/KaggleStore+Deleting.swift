import Caches
import Formats
import Manifests
import Storage

extension KaggleStore {
    /// The greatest number of a version that was deleted; 0 where none was. Numbers are never given twice: clients take what they
    /// have of a number for what it is.
    func lastDeleted(_ base: KaggleHandle) -> Int {
        let bytes = (try? FileReader.contents(of: numbers(base), limit: 32)) ?? []
        return Int(String(decoding: bytes, as: UTF8.self)) ?? 0
    }

    private func numbers(_ base: KaggleHandle) -> String {
        Path.join(workshop, "numbers/\(base.with(version: nil).folder)/last")
    }

    /// Deletes versions, one after the other: each is whole until it is not there. No version comes meanwhile.
    /// - Parameters:
    ///   - isChosen: which versions.
    ///   - folder: what is removed when they are gone, with what is stated of them; relative to the cache.
    /// - Returns: whether there was anything.
    func delete(
        _ isChosen: (KaggleHandle) -> Bool, folder: String?
    ) throws(KaggleUploadProblem) -> Bool {
        try alone { () throws(KaggleUploadProblem) in
            let versions = cache.handles().filter(isChosen)
            let place = folder.map { Path.join(root, $0) }
            guard !versions.isEmpty || place.map(FileStatus.isDirectory) == true else { return false }
            do throws(FileError) {
                for version in versions { try forget(version) }
                if let place { try Directory.removeTree(place) }
                try sweep()
            } catch {
                throw .file(error)
            }
            return true
        }
    }

    private func forget(_ version: KaggleHandle) throws(FileError) {
        let last = max(lastDeleted(version), version.version ?? 0)
        try Directory.make(Path.parent(numbers(version)))
        _ = try AtomicFile.write(Array(String(last).utf8), to: numbers(version))
        try AtomicFile.synchronizeDirectory(of: numbers(version))
        // Without its marker it is none, and the next server removes what is left of it.
        let marker = marker(version)
        try Directory.removeFile(marker)
        try AtomicFile.synchronizeDirectory(of: marker)
        try Directory.removeTree(Path.join(root, version.dataFolder))
    }

    /// Removes contents that no version has any more.
    private func sweep() throws(FileError) {
        let contents = Path.join(workshop, "content")
        for folder in try Directory.names(in: contents) where folder.utf8.count == 2 {
            let place = Path.join(contents, folder)
            for name in try Directory.names(in: place) {
                let path = Path.join(place, name)
                if try FileStatus.links(of: path) == 1 { try Directory.removeFile(path) }
            }
        }
    }
}
