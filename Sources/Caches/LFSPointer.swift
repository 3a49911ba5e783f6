/// The small text file that git keeps in place of a large one (git-lfs, `docs/spec.md`).
///
/// A pointer in a cache is never what anybody wants to pack, also where the cache's digest fits it: it was
/// then committed to the repository as content. So whoever reads a file looks.
package enum LFSPointer {
    /// Pointer files have fewer bytes than this, by the specification.
    package static let sizeLimit = 1024

    private static let start = Array("version https://git-lfs.github.com/spec/v1\n".utf8)

    /// Whether bytes are the beginning of a pointer file. The file's size must be looked at besides.
    package static func matches(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.count >= start.count else { return false }
        for index in start.indices where bytes[index] != start[index] { return false }
        return true
    }
}
