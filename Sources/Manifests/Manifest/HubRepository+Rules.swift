import Formats

extension HubRepository {
    /// What is wrong with a repository's id, to be read after "which"; `nil` if nothing is.
    ///
    /// The rule is that of huggingface_hub: one or two parts of at most 96 of `[A-Za-z0-9_.-]`, each
    /// starting and ending with a letter, digit or underscore; no "--", no "..", no ".git" at the end.
    package static func problem(inID id: String) -> String? {
        guard !id.isEmpty else { return "is empty" }
        let bytes = Array(id.utf8)
        let parts = bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count <= 2 else { return "has more than one \"/\"" }
        for part in parts {
            guard let first = part.first, let last = part.last else { return "has an empty part" }
            guard part.count <= 96 else { return "has a part of more than 96 characters" }
            guard part.allSatisfy({ isWord($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") }) else {
                return "has a character other than ASCII letters, digits, '-', '_' and '.'"
            }
            guard isWord(first), isWord(last) else {
                return "has a part that starts or ends with '-' or '.'"
            }
        }
        if hasPair(UInt8(ascii: "-"), in: bytes) { return "has \"--\" in it" }
        if hasPair(UInt8(ascii: "."), in: bytes) { return "has \"..\" in it" }
        if bytes.ends(with: ".git") { return "ends with \".git\"" }
        return nil
    }

    /// What is wrong with a revision, to be read after "which"; `nil` if nothing is.
    ///
    /// The rule is git's for references (git-check-ref-format), because a revision becomes a path below
    /// `refs/` in the cache.
    package static func problem(inRevision revision: String) -> String? {
        guard !revision.isEmpty else { return "is empty" }
        let bytes = Array(revision.utf8)
        guard bytes.count <= 255 else { return "has more than 255 bytes" }
        let refused = Array(" ~^:?*[\\".utf8)
        for byte in bytes where byte < 0x20 || byte == 0x7F || refused.contains(byte) {
            return "has a blank, a control character or one of ~ ^ : ? * [ \\"
        }
        for part in bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            guard let first = part.first else { return "has an empty part" }
            guard first != UInt8(ascii: ".") else { return "has a part that starts with '.'" }
        }
        if hasPair(UInt8(ascii: "."), in: bytes) { return "has \"..\" in it" }
        if bytes.last == UInt8(ascii: ".") { return "ends with '.'" }
        return nil
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    private static func hasPair(_ byte: UInt8, in bytes: [UInt8]) -> Bool {
        zip(bytes, bytes.dropFirst()).contains { $0 == byte && $1 == byte }
    }
}
