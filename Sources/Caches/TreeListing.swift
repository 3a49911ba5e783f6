import Formats
import Manifests
package import Storage

/// One file as the listing of a revision's tree has it.
package struct TreeFile: Hashable, Sendable {
    /// The size of the content in bytes.
    package let size: Int
    /// The SHA-256 of the content, for files that the Hub stores outside git.
    package let sha256: SHA256Digest?
    /// The git blob name of the content, for files that it stores in git.
    package let gitBlob: GitBlobDigest?
    /// The name of the content in Xet, for files that are there.
    package let xet: XetHash?

    /// What the listing states of the content: the SHA-256, else the git blob name.
    var evidence: [Evidence] {
        let content: Evidence? = sha256.map { .sha256($0, .tree) } ?? gitBlob.map { .gitBlob($0, .tree) }
        return [content, xet.map { .xet($0, .tree) }].compactMap(\.self)
    }
}

/// The files of a revision, as `trees/<commit>.json` lists them (huggingface_hub, `_tree_cache.py`, format
/// version 1).
struct TreeListing {
    /// Why a listing cannot be used.
    struct Unusable: Error {
        /// A clause, to be read after the listing's name.
        let reason: String
    }

    /// The largest listing that is read: about a million files.
    static let sizeLimit = 1 << 28

    /// The records by their paths; of two with one path the last, as in Python.
    let files: [RelativePath: TreeFile]

    /// Reads a listing. As in huggingface_hub, one wrong record makes the whole of it unusable.
    init(_ bytes: [UInt8]) throws(Unusable) {
        let json: JSON
        do throws(FormatError) {
            json = try JSON.parse(bytes)
        } catch {
            throw Unusable(reason: "is not JSON: \(error)")
        }
        guard json["format_version"] == .integer(1) else {
            throw Unusable(reason: "has another format version than 1")
        }
        guard let members = json["files"]?.members else { throw Unusable(reason: "has no list of files") }
        var files: [RelativePath: TreeFile] = [:]
        files.reserveCapacity(members.count)
        for member in members {
            guard let path = RelativePath(member.key) else {
                let problem = RelativePath.problem(member.key) ?? "is refused"
                throw Unusable(reason: "lists the path \(quoted(member.key)), which \(problem)")
            }
            guard let file = TreeFile(member.value) else {
                throw Unusable(reason: "has a wrong record for \(quoted(member.key))")
            }
            files[path] = file
        }
        self.files = files
    }
}

extension TreeFile {
    fileprivate init?(_ json: JSON) {
        guard let size = json["size"]?.integer, size >= 0, let blob = json["blob_id"]?.string else {
            return nil
        }
        // The client takes null for a field that is missing, and throws a listing away that has anything else.
        var xet: XetHash?
        if let hash = json["xet_hash"], hash != .null {
            xet = hash.string.flatMap { XetHash(text: $0) }
            guard xet != nil else { return nil }
        }
        if let lfs = json["lfs_sha256"], lfs != .null {
            guard let text = lfs.string, let digest = SHA256Digest(hex: text) else { return nil }
            let length = json["lfs_size"]?.integer ?? size
            guard length >= 0 else { return nil }
            // The blob's name is that of the pointer file then, which is not what is in the cache.
            self.init(size: length, sha256: digest, gitBlob: nil, xet: xet)
        } else {
            guard let digest = GitBlobDigest(hex: blob) else { return nil }
            // git has a pointer to what is in Xet, also where a mirror leaves out what it states of LFS.
            self.init(size: size, sha256: nil, gitBlob: xet == nil ? digest : nil, xet: xet)
        }
    }
}
