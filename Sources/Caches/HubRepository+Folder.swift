import Formats
import Manifests
import Storage

extension HubRepository {
    /// The folder's name in the cache: "models--organization--name" (huggingface_hub,
    /// `repo_folder_name`).
    package var folder: String {
        let parts = id.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }
        return ([kind.rawValue + "s"] + parts).joined(separator: "--")
    }

    /// Reads a folder's name; `nil` for every name that is not that of a repository. Ids have no "--", so
    /// there is one way only.
    package init?(folder: String) {
        for kind in HubRepository.Kind.allCases {
            let start = kind.rawValue + "s--"
            guard folder.utf8.starts(with: start.utf8) else { continue }
            var rest = Array(folder.utf8.dropFirst(start.utf8.count))[...]
            var id: [UInt8] = []
            while let byte = rest.popFirst() {
                if byte == UInt8(ascii: "-"), rest.first == UInt8(ascii: "-") {
                    rest.removeFirst()
                    id.append(UInt8(ascii: "/"))
                } else {
                    id.append(byte)
                }
            }
            let text = String(decoding: id, as: UTF8.self)
            guard HubRepository.problem(inID: text) == nil else { return nil }
            self.init(kind: kind, id: text)
            return
        }
        return nil
    }

    /// The command that fetches a revision.
    package func download(_ revision: String) -> String {
        let type = kind == .model ? "" : " --repo-type \(kind.rawValue)"
        return "hf download \(id)\(type) --revision \(ShellWord.quoted(FileWalk.shown(revision)))"
    }

    /// The words for what it is.
    var noun: String {
        switch kind {
        case .model: "model"
        case .dataset: "data set"
        case .space: "space"
        case .kernel: "kernel"
        }
    }
}

/// Commits, as git names them.
package enum Commit {
    /// Whether a text is 40 lowercase hexadecimal digits.
    static func isFull(_ text: some StringProtocol) -> Bool { GitBlobDigest(hex: text) != nil }

    /// The beginning of a commit in lowercase, or `nil` where the text cannot be one: 4 to 40 hexadecimal
    /// digits.
    package static func prefix(_ text: String) -> String? {
        guard (4...40).contains(text.utf8.count) else { return nil }
        let isHex = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
                UInt8(ascii: "A")...UInt8(ascii: "F"):
                true
            default: false
            }
        }
        return isHex ? text.lowercased() : nil
    }
}
