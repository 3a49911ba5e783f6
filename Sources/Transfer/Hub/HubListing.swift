import Formats
import Manifests
import Storage

/// One file of a commit, as the Hub lists it.
struct HubFile: Equatable, Sendable {
    /// Its path as the Hub states it, which may be one that no file is written to.
    let name: String
    /// The size of what git has: of the pointer, for a file in LFS.
    let size: Int
    /// git's name of what git has: of the pointer, for a file in LFS.
    let gitBlob: String
    /// The SHA-256 and the size of the content, for a file in LFS or Xet.
    let lfs: LFS?
    /// The name of the content in Xet, if it is there: as long as a SHA-256, and written like one. There may
    /// be 100,000 of them, and a ``XetHash`` takes more room.
    let xetHash: SHA256Digest?
    /// Whether all digests are written as the Hub's client expects them.
    let isRegular: Bool

    /// What LFS states of a content.
    struct LFS: Equatable, Sendable {
        /// The content's SHA-256; `nil` where the Hub states something else.
        let sha256: SHA256Digest?
        /// The content's size in bytes.
        let size: Int
    }

    /// What the content has to be; `nil` where the Hub states no digest that is one.
    var identity: BlobIdentity? {
        if let lfs {
            return lfs.sha256.map { BlobIdentity(proof: .sha256($0), size: lfs.size) }
        }
        return GitBlobDigest(hex: gitBlob).map { BlobIdentity(proof: .gitBlob($0), size: size) }
    }

    /// Reads one entry of `/api/models/ID/tree/COMMIT`; `nil` where it is none of a file.
    init?(_ json: JSON) {
        guard json["type"]?.string == "file", let name = json["path"]?.string,
            let size = json["size"]?.integer,
            size >= 0, let blob = json["oid"]?.string
        else { return nil }
        self.name = name
        self.size = size
        gitBlob = blob
        if let lfs = json["lfs"], let sha256 = lfs["oid"]?.string, let length = lfs["size"]?.integer,
            length >= 0
        {
            self.lfs = LFS(sha256: SHA256Digest(hex: sha256), size: length)
        } else {
            lfs = nil
        }
        let xet = json["xetHash"]?.string
        xetHash = xet.flatMap { SHA256Digest(hex: $0) }
        isRegular = (xet == nil || xetHash != nil) && (lfs == nil || lfs?.sha256 != nil)
    }
}

/// All files of a commit.
struct HubListing: Sendable {
    /// The repository.
    let repository: HubRepository
    /// The commit, 40 hexadecimal digits.
    let commit: String
    /// The files in the order in which the Hub lists them.
    let files: [HubFile]

    /// The bytes of `trees/COMMIT.json` in the cache, as huggingface_hub 2.4 writes it (`_tree_cache.py`): Python's
    /// `json.dump` with an indent of 1, the paths sorted by their characters.
    ///
    /// - Returns: `nil` where a digest is not valid: the client would write no list, or one that proves nothing.
    var treeFile: [UInt8]? {
        guard files.allSatisfy(\.isRegular) else { return nil }
        // Of a path that is listed twice the last entry counts.
        let order = files.indices.sorted { left, right in
            files[left].name.precedesByBytes(files[right].name)
                || (files[left].name.hasSameBytes(as: files[right].name) && left < right)
        }
        let last = order.indices.filter { place in
            place + 1 == order.count
                || !files[order[place]].name.hasSameBytes(as: files[order[place + 1]].name)
        }
        var bytes = Array("{\n \"format_version\": 1,\n \"files\": {".utf8)
        for (index, place) in last.enumerated() {
            bytes += (index == 0 ? "\n" : ",\n").utf8
            bytes += HubListing.entry(files[order[place]]).utf8
        }
        bytes += (last.isEmpty ? "}\n}" : "\n }\n}").utf8
        return bytes
    }

    private static func entry(_ file: HubFile) -> String {
        var text = "  \(PythonText.quoted(file.name)): {\n"
        text += "   \"size\": \(file.size),\n   \"blob_id\": \(PythonText.quoted(file.gitBlob))"
        if let lfs = file.lfs, let sha256 = lfs.sha256 {
            text += ",\n   \"lfs_sha256\": \"\(sha256.hex)\",\n   \"lfs_size\": \(lfs.size)"
        }
        if let hash = file.xetHash { text += ",\n   \"xet_hash\": \"\(hash.hex)\"" }
        return text + "\n  }"
    }
}

/// Strings as Python's `json` writes them when it keeps to ASCII.
enum PythonText {
    /// The text in quotes, everything but printable ASCII escaped.
    static func quoted(_ text: String) -> String {
        var result = "\""
        for unit in text.utf16 {
            switch unit {
            case 0x22: result += "\\\""
            case 0x5C: result += "\\\\"
            case 0x0A: result += "\\n"
            case 0x0D: result += "\\r"
            case 0x09: result += "\\t"
            case 0x08: result += "\\b"
            case 0x0C: result += "\\f"
            case 0x20..<0x7F: result.unicodeScalars.append(Unicode.Scalar(UInt8(truncatingIfNeeded: unit)))
            default:
                let digits = String(unit, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
        }
        return result + "\""
    }
}
