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
    /// The name of the content in Xet, if it is there.
    let xetHash: String?

    /// What LFS states of a content.
    struct LFS: Equatable, Sendable {
        /// The content's SHA-256 as text.
        let sha256: String
        /// The content's size in bytes.
        let size: Int
    }

    /// What the content has to be; `nil` where the Hub states no digest that is one.
    var identity: BlobIdentity? {
        if let lfs {
            return SHA256Digest(hex: lfs.sha256).map { BlobIdentity(proof: .sha256($0), size: lfs.size) }
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
            self.lfs = LFS(sha256: sha256, size: length)
        } else {
            lfs = nil
        }
        xetHash = json["xetHash"]?.string
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
    /// - Returns: `nil` where the client would write none, because a Xet hash is not valid.
    var treeFile: [UInt8]? {
        let isValid = files.allSatisfy { file in
            file.xetHash.map { $0.utf8.count == 64 && $0.utf8.allSatisfy { Hex.value($0) != nil } } ?? true
        }
        guard isValid else { return nil }
        // Of a path that is listed twice the last entry counts.
        var byName: [ExactName: HubFile] = [:]
        for file in files { byName[file.name] = file }
        var text = "{\n \"format_version\": 1,\n \"files\": {"
        for (index, file) in byName.sorted(by: { $0.key < $1.key }).map(\.value).enumerated() {
            text += index == 0 ? "\n" : ",\n"
            text += "  \(PythonText.quoted(file.name)): {\n"
            text += "   \"size\": \(file.size),\n   \"blob_id\": \(PythonText.quoted(file.gitBlob))"
            if let lfs = file.lfs {
                text +=
                    ",\n   \"lfs_sha256\": \(PythonText.quoted(lfs.sha256)),\n   \"lfs_size\": \(lfs.size)"
            }
            if let hash = file.xetHash { text += ",\n   \"xet_hash\": \(PythonText.quoted(hash))" }
            text += "\n  }"
        }
        text += byName.isEmpty ? "}\n}" : "\n }\n}"
        return Array(text.utf8)
    }
}

/// Strings as Python's `json` writes them when it keeps to ASCII.
enum PythonText {
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
