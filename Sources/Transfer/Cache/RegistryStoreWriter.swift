import Caches
import Formats
import Glibc
import Manifests
import Storage

/// Writes what is fetched of one artifact into the store of ``RegistryStore``.
struct RegistryStoreWriter: Sendable {
    /// The store.
    let store: RegistryStore
    /// What is fetched.
    let source: RegistrySource
    /// The digest of its manifest.
    let manifest: SHA256Digest

    /// The directory in which the files have their names.
    var directory: String { Path.join(store.root, RegistryStore.snapshot(source, manifest)) }

    /// Where a content is.
    func blob(_ digest: SHA256Digest) -> String { Path.join(store.root, RegistryStore.blob(digest)) }

    /// The file that everybody locks who loads a content.
    func lock(_ digest: SHA256Digest) -> String { Path.join(store.root, "locks/\(digest.hex).lock") }

    /// Where a file is.
    func file(_ path: RelativePath) -> String { path.joined(to: directory) }

    /// Whether a file has its name, and the content that leads to is as large as it has to be.
    func has(_ file: RegistryArtifact.File) -> Bool {
        Directory.leadsToFile(self.file(file.path), size: file.size)
            && (try? Directory.linkText(self.file(file.path)))?.hasSameBytes(
                as: linkText(file.path, file.sha256)) == true
    }

    /// Makes the directories, and keeps the documents that say which files there are.
    func prepare(_ documents: [ArraySlice<UInt8>]) throws {
        try Directory.make(Path.join(store.root, "blobs/sha256"))
        try Directory.make(Path.join(store.root, "locks"))
        try Directory.make(directory)
        for document in documents {
            let digest = try ContentHasher.sha256(document.span)
            if store.document(digest, limit: document.count) == nil {
                try put(document, at: blob(digest))
            }
        }
    }

    /// Gives a content that is there the name of a file.
    func link(_ path: RelativePath, to digest: SHA256Digest) throws(FileError) {
        let target = file(path)
        try Directory.make(Path.parent(target))
        let text = linkText(path, digest)
        if (try? Directory.linkText(target))?.hasSameBytes(as: text) == true { return }
        try replace(target) { temporary throws(FileError) in try Directory.makeLink(text, at: temporary) }
    }

    /// By as many steps as the path is deep in the store.
    private func linkText(_ path: RelativePath, _ digest: SHA256Digest) -> String {
        let above = RegistryStore.snapshot(source, manifest).utf8.count { $0 == UInt8(ascii: "/") } + 1
        return String(repeating: "../", count: above + path.components.count - 1) + RegistryStore.blob(digest)
    }

    /// Notes which manifest a tag stands for.
    func note(_ tag: String) throws(FileError) {
        guard store.manifest(of: tag, in: source.reference) != manifest else { return }
        let path = Path.join(store.root, RegistryStore.tag(tag, of: source.reference))
        try put(Array(manifest.hex.utf8)[...], at: path)
    }

    /// Waits until the names of contents are on the disk.
    func synchronize() throws(FileError) {
        try FileHandle.directory(Path.join(store.root, "blobs/sha256")).synchronize()
    }

    private func put(_ bytes: ArraySlice<UInt8>, at path: String) throws(FileError) {
        try Directory.make(Path.parent(path))
        try replace(path) { temporary throws(FileError) in
            let file = try FileHandle.creating(temporary)
            try file.write(bytes.span)
            try file.synchronizeContent()
        }
    }

    /// Makes something under another name first.
    private func replace(_ path: String, _ make: (String) throws(FileError) -> Void) throws(FileError) {
        let temporary = Path.join(store.root, ".knapsack.\(getpid()).\(Counter.next()).tmp")
        try Directory.removeFile(temporary)
        do throws(FileError) {
            try make(temporary)
            try AtomicFile.rename(temporary, to: path)
        } catch {
            try? Directory.removeFile(temporary)
            throw error
        }
    }
}
