/// The text file that git keeps in place of a large file's content: what a clone without Git LFS leaves
/// behind, and what loads as nothing (git-lfs, docs/spec.md).
enum LFSPointer {
    /// Pointers are smaller than this, in bytes.
    static let sizeLimit = 1024

    private static let prefix = Array("version https://git-lfs.github.com/spec/v1".utf8)

    /// Whether the start of a file is the start of a pointer.
    static func matches(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.count >= prefix.count else { return false }
        return prefix.indices.allSatisfy { bytes[$0] == prefix[$0] }
    }
}
