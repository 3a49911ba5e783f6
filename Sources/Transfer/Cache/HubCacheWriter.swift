import Caches
import Formats
import Glibc
import Manifests
import Storage

/// The folder of one repository in a hub cache, written as huggingface_hub 2.4 does it (`file_download.py`).
struct HubCacheWriter: Sendable {
    /// The cache's directory; absolute and without links if it exists.
    let root: String
    private let name: String

    /// Names the folder; nothing is made yet.
    /// - Parameter directory: the cache's directory as it was named; an empty text is the current one.
    init(_ repository: HubRepository, cache directory: String) {
        let path = directory.isEmpty ? "." : directory
        root = (try? Directory.realPath(path)) ?? path
        name = repository.folder
    }

    /// The folder's path.
    var path: String { Path.join(root, name) }

    /// The directories that are written into, but for the snapshots.
    var directories: [String] {
        ["blobs", "refs", "trees"].map { Path.join(self.path, $0) } + [Path.join(root, ".locks/\(name)")]
    }

    /// Where a blob is.
    func blob(_ name: String) -> String { Path.join(self.path, "blobs/\(name)") }

    /// The blob's path as the shared store lists it.
    func relativeBlob(_ blob: String) -> String { "\(name)/blobs/\(blob)" }

    /// Where a file of a commit is.
    func file(_ path: RelativePath, commit: String) -> String {
        path.joined(to: Path.join(self.path, "snapshots/\(commit)"))
    }

    /// The lock that huggingface_hub takes while it loads a blob.
    func lock(_ blob: String) -> String { Path.join(root, ".locks/\(name)/\(blob).lock") }

    /// Makes the directories that files are loaded into, and the note for backup programs.
    func prepare() throws(FileError) {
        try Directory.make(Path.join(self.path, "blobs"))
        try Directory.make(Path.join(root, ".locks/\(name)"))
        removeLeftovers()
        let tag = Path.join(root, "CACHEDIR.TAG")
        if (try? FileStatus.existing(tag)) == .some(nil) {
            try? put(Array(HubCacheWriter.directoryTag.utf8), at: tag)
        }
    }

    /// Removes what killed processes were writing. What is younger than ten minutes may be somebody's still.
    private func removeLeftovers() {
        let limit = currentTime() - 600_000_000_000
        for name in (try? Directory.names(in: path)) ?? []
        where name.hasUTF8Prefix(".knapsack.") && name.hasUTF8Suffix(".tmp") {
            let path = Path.join(self.path, name)
            if let status = (try? FileStatus.existing(path)) ?? nil, status.modified < limit {
                try? Directory.removeFile(path)
            }
        }
    }

    /// What huggingface_hub 2.4 writes (`_local_folder.py`), to the byte.
    private static let directoryTag = """
        Signature: 8a477f597d28d172789f06886806bc55
        # This file is a cache directory tag created by huggingface_hub.
        # For information about cache directory tags, see:
        #\thttps://bford.info/cachedir/

        """

    /// What is in a file's place in the snapshot.
    enum Presence: Equatable {
        /// A file of the right size.
        case there
        /// Nothing, but the blob is there and only the link is missing.
        case blobOnly
        /// Nothing, or something of another size.
        case missing
    }

    /// Looks for a file of a commit.
    func presence(_ path: RelativePath, commit: String, _ identity: BlobIdentity) -> Presence {
        if Directory.leadsToFile(file(path, commit: commit), size: identity.size) { return .there }
        return Directory.leadsToFile(blob(identity.name), size: identity.size) ? .blobOnly : .missing
    }

    /// Makes the link from a snapshot to a blob that is there, by as many steps as the path is deep.
    func link(_ path: RelativePath, commit: String, to blob: String) throws(FileError) {
        let target = file(path, commit: commit)
        try Directory.make(Path.parent(target))
        let text = String(repeating: "../", count: path.components.count + 1) + "blobs/\(blob)"
        if (try? Directory.linkText(target))?.hasSameBytes(as: text) == true { return }
        try replace(target) { temporary throws(FileError) in try Directory.makeLink(text, at: temporary) }
    }

    /// Writes the list of a commit's files, unless it is there already.
    func write(_ listing: HubListing) throws(FileError) {
        guard let bytes = listing.treeFile else { return }
        let path = Path.join(self.path, "trees/\(listing.commit).json")
        if (try? FileReader.contents(of: path, limit: bytes.count)) == bytes { return }
        // The client's mkstemp makes it so, whatever the umask is.
        try put(bytes, at: path, mode: 0o600)
    }

    /// What a branch or a tag is in the cache; `nil` if there is nothing.
    func commit(of ref: String) -> String? {
        let path = Path.join(self.path, "refs/\(ref)")
        return (try? FileReader.contents(of: path, limit: 1 << 10)).map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    /// Points a branch or a tag at a commit: 40 digits without a line break.
    func write(ref: String, commit: String) throws(FileError) {
        if self.commit(of: ref)?.hasSameBytes(as: commit) == true { return }
        try put(Array(commit.utf8), at: Path.join(self.path, "refs/\(ref)"))
    }

    private func put(_ bytes: [UInt8], at path: String, mode: UInt32 = 0o666) throws(FileError) {
        try Directory.make(Path.parent(path))
        try replace(path) { temporary throws(FileError) in
            let file = try FileHandle.creating(temporary, mode: mode)
            try file.write(bytes.span)
            try file.synchronizeContent()
        }
    }

    /// Makes something under another name first, which is not in a directory whose names mean something to the client.
    private func replace(_ path: String, _ make: (String) throws(FileError) -> Void) throws(FileError) {
        try Directory.make(self.path)
        let temporary = Path.join(self.path, ".knapsack.\(getpid()).\(Counter.next()).tmp")
        try Directory.removeFile(temporary)
        do throws(FileError) {
            try make(temporary)
            try AtomicFile.rename(temporary, to: path)
        } catch {
            try? Directory.removeFile(temporary)
            throw error
        }
    }

    /// Waits until the names of blobs are on the disk.
    func synchronize() throws(FileError) {
        try FileHandle.directory(Path.join(self.path, "blobs")).synchronize()
    }
}
