import Caches
import Formats
import Manifests
import Storage

/// The places of one version in a kagglehub cache, written as kagglehub 1.0.3 does it (`cache.py`).
struct KagglehubCacheWriter: Sendable {
    /// The handle with its version.
    let handle: KaggleHandle
    /// The cache's directory; absolute and without links if it exists.
    let root: String

    /// Names the places; nothing is made yet.
    /// - Parameter directory: the cache's directory as it was named; an empty text is the current one.
    init(_ handle: KaggleHandle, cache directory: String) {
        let path = directory.isEmpty ? "." : directory
        root = (try? Directory.realPath(path)) ?? path
        self.handle = handle
    }

    /// The directory of the version's files.
    var data: String { Path.join(root, handle.dataFolder) }

    /// Where a file is.
    func file(_ path: RelativePath) -> String { path.joined(to: data) }

    /// The directories that are written into, but for that of the files.
    var directories: [String] {
        [Path.join(root, handle.folder), Path.join(root, handle.fileMarkersFolder), staging]
    }

    private func marker(_ name: String) -> String { Path.join(root, "\(handle.folder)/\(name).complete") }

    private func fileMarker(_ path: RelativePath) -> String {
        Path.join(root, "\(handle.fileMarkersFolder)/\(path.text).complete")
    }

    /// Whether a marker states that all of the version is there.
    var isMarked: Bool {
        FileStatus.isDirectory(data)
            && handle.markerNames.contains { KagglehubCacheWriter.isThere(marker($0)) }
    }

    /// Whether a marker states that a file was loaded by itself.
    func isMarked(_ path: RelativePath) -> Bool {
        KagglehubCacheWriter.isThere(fileMarker(path))
    }

    /// Whether a marker is there as Python's `os.path.exists` sees it: a link that leads nowhere is not.
    private static func isThere(_ marker: String) -> Bool { (try? Directory.realPath(marker)) != nil }

    /// States that all of the version is there.
    func mark() throws(FileError) {
        guard let name = handle.markerNames.first else { return }
        try touch(marker(name))
    }

    /// States that a file is there.
    func mark(_ path: RelativePath) throws(FileError) { try touch(fileMarker(path)) }

    private func touch(_ path: String) throws(FileError) {
        if KagglehubCacheWriter.isThere(path) { return }
        try Directory.make(Path.parent(path))
        // Whatever a link that leads nowhere names would be made, also outside of the cache.
        if try FileStatus.existing(path)?.kind == .link { try Directory.removeFile(path) }
        _ = try FileHandle.updating(path)
    }

    /// Where everything is kept that is not whole yet: outside of what kagglehub looks at, in the same file system.
    private var workshop: String { Path.join(root, ".knapsack") }

    private var name: String {
        // No part of a handle has a comma.
        String(
            decoding: handle.dataFolder.utf8.map { $0 == UInt8(ascii: "/") ? UInt8(ascii: ",") : $0 },
            as: UTF8.self)
    }

    /// The directory for what is not whole yet of this version.
    var staging: String { Path.join(workshop, name) }

    /// Where the content of a file is until it gets its name; what is not whole yet is beside it.
    func staging(_ path: RelativePath) -> String {
        let digest = (try? ContentHasher.sha256(Array(path.text.utf8).span))?.hex
        return Path.join(staging, digest ?? "x" + Hex.text(path.text.utf8))
    }

    /// The same of the archive.
    var archive: String { Path.join(staging, "archive") }

    /// Where the files of an archive are until they get their names.
    var unpacked: String { Path.join(staging, "unpacked") }

    /// What is written down while an archive is unpacked.
    var unpackJournal: String { Path.join(staging, "unpacked.journal") }

    /// Removes what was kept while files were not whole.
    /// - Parameter isWhole: whether all of the version is there, so that nobody needs anything of it any more.
    func clear(isWhole: Bool) {
        for name in [archive, unpackJournal] { try? Directory.removeFile(name) }
        if isWhole {
            try? Directory.removeTree(staging)
        } else {
            for name in (try? Directory.names(in: staging)) ?? [] where name.hasUTF8Suffix(".lock") {
                let path = Path.join(staging, name)
                // Whoever waits for the lock sees that the file is gone.
                if let lock = (try? FileHandle.sharedLock(path)) ?? nil {
                    try? Directory.removeFile(path)
                    _ = lock.descriptor
                }
            }
            try? Directory.removeIfEmpty(staging)
        }
        try? Directory.removeIfEmpty(workshop)
    }
}
