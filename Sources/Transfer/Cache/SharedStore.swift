import Formats
import Storage

/// The blobs that several repositories of a cache share, named by their Xet hashes: `blobs` in the cache's own directory
/// (huggingface_hub 2.4, `utils/_shared_blobs.py`). The client puts into it what it loads by Xet; here it is only read.
struct SharedStore: Sendable {
    private let root: String

    /// The store of a cache; `nil` if there is none that the client made.
    init?(cache root: String, environment: [String: String]) {
        for variable in ["HF_HUB_DISABLE_SHARED_BLOBS", "HF_HUB_DISABLE_SYMLINKS"] {
            let value = environment[variable]?.lowercased() ?? ""
            if ["1", "on", "yes", "true"].contains(where: { value.hasSameBytes(as: $0) }) { return nil }
        }
        let marker = Path.join(root, "blobs/.huggingface-shared-blobs")
        guard (try? FileReader.contents(of: marker, limit: 2)) == Array("1\n".utf8) else { return nil }
        self.root = root
    }

    private static func path(_ hash: String) -> String { "blobs/\(hash.utf8Prefix(2))/\(hash)" }

    /// Whether there is content of the right size under a hash.
    func has(_ hash: String, size: Int) -> Bool {
        let status = (try? FileStatus.existing(Path.join(root, SharedStore.path(hash)))) ?? nil
        return status?.kind == .file && status?.size == size
    }

    /// Makes a blob a link to what the store has, if that is the content that the blob has to have.
    ///
    /// - Parameters:
    ///   - blob: the blob's path in the cache: "models--a--b/blobs/NAME".
    ///   - buffer: where the content is read into.
    /// - Returns: whether it is; what is in the store and is wrong stays there, because others use it.
    func link(
        _ hash: String, _ identity: BlobIdentity, blob: String, _ buffer: inout Buffer
    ) throws -> Bool {
        let content = Path.join(root, SharedStore.path(hash))
        guard has(hash, size: identity.size) else { return false }
        guard let lock = try FileHandle.sharedLock(content + ".lock") else { return false }
        let file = try FileHandle.reading(content)
        let read = try FileReader.read(file, gitBlob: false, buffer: &buffer) { _ in }
        guard identity.matches(read.digests) else { return false }
        // The list of users is complete before there is one.
        let users = try FileHandle.appending(content + ".refs")
        try users.write(Array("\(blob)\n".utf8).span)
        try users.synchronizeContent()
        try Directory.makeLink("../../" + SharedStore.path(hash), at: Path.join(root, blob))
        _ = lock.descriptor
        return true
    }
}

extension String {
    /// The first bytes, of a text of nothing but ASCII.
    fileprivate func utf8Prefix(_ count: Int) -> String {
        String(decoding: Array(utf8.prefix(count)), as: UTF8.self)
    }
}
