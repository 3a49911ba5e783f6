import Formats
import Storage

/// The names that git would give to the folders and the commits of a repository that has these files.
enum GitTree {
    /// The name of the top folder.
    /// - Parameter files: sorted by the bytes of their paths, none of them where another one has a folder.
    static func name(_ files: [RepositoryFile]) throws(HashingFailure) -> GitBlobDigest {
        try name(files[...], depth: 0)
    }

    /// The name of a commit.
    static func commitName(
        tree: GitBlobDigest, parent: String?, author: String, time: Int64, message: String
    ) throws(HashingFailure) -> String {
        let person = "\(author) <\(author)@users.noreply> \(time) +0000"
        let text =
            "tree \(tree)\n" + (parent.map { "parent \($0)\n" } ?? "")
            + "author \(person)\ncommitter \(person)\n\n\(message)"
        return try GitObject.name(.commit, Array(text.utf8)).hex
    }

    private static let slash = UInt8(ascii: "/")

    /// The name of a folder whose files these are: all have the same bytes before `depth`.
    ///
    /// Paths sorted by their bytes are in the order of git's trees, in which a folder counts as if a slash followed its name.
    /// Paths have 4,095 bytes at most, so that this calls itself no more than 2,048 times.
    private static func name(
        _ files: ArraySlice<RepositoryFile>, depth: Int
    ) throws(HashingFailure) -> GitBlobDigest {
        var bytes: [UInt8] = []
        var rest = files
        while let first = rest.first {
            let tail = first.path.text.utf8.dropFirst(depth)
            guard let end = tail.firstIndex(of: slash) else {
                append("100644", Array(tail), first.git, to: &bytes)
                rest.removeFirst()
                continue
            }
            let component = Array(tail[..<end])
            let start = Array(first.path.text.utf8.prefix(depth)) + component + [slash]
            let count = rest.prefix { $0.path.text.utf8.starts(with: start) }.count
            let folder = try name(rest.prefix(count), depth: start.count)
            append("40000", component, folder, to: &bytes)
            rest.removeFirst(count)
        }
        return try GitObject.name(.tree, bytes)
    }

    private static func append(
        _ mode: String, _ name: [UInt8], _ digest: GitBlobDigest, to bytes: inout [UInt8]
    ) {
        bytes += mode.utf8
        bytes.append(0x20)
        bytes += name
        bytes.append(0)
        bytes += Hex.bytes(digest.hex) ?? []
    }
}
