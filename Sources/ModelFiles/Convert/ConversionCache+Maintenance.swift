package import Caches
import Formats
import Manifests
package import Storage

// What is on the disk for conversions, and how it is taken away again.
extension ConversionCache {
    /// One conversion on the disk.
    package struct Kept: Equatable, Sendable {
        /// The directory's name: the key.
        package let key: String
        /// What was made, such as "dtype f16 of 0123456789ab"; `nil` where the record cannot be read.
        package let text: String?
        /// The number of files that were made.
        package let files: Int
        /// The size of all that is in the directory in bytes.
        package let size: Int
        /// Whether this Knapsack would still use it.
        package let isUsable: Bool
    }

    /// What is kept, by key, and the names of directories that a killed process left unfinished.
    package struct Contents: Equatable, Sendable {
        /// The conversions.
        package let conversions: [Kept]
        /// Unfinished ones; a process may be writing one of them.
        package let unfinished: [String]
        /// The size of the unfinished ones in bytes.
        package let unfinishedSize: Int

        /// The size of everything in bytes.
        package var size: Int { conversions.reduce(unfinishedSize) { $0 &+ $1.size } }
    }

    /// What the directory holds. What does not look like Knapsack's is not looked at.
    package func contents() throws(FileError) -> Contents {
        guard try FileStatus.existing(directory)?.kind == .directory else {
            return Contents(conversions: [], unfinished: [], unfinishedSize: 0)
        }
        var conversions: [Kept] = []
        var unfinished: [String] = []
        var unfinishedSize = 0
        for name in try Directory.names(in: directory) {
            let path = Path.join(directory, name)
            guard try FileStatus.existing(path)?.kind == .directory else { continue }
            if let key = SHA256Digest(hex: name) {
                let record = record(key)
                conversions.append(
                    Kept(
                        key: name, text: record?.conversion.text, files: record?.files.count ?? 0,
                        size: try ConversionCache.size(of: path),
                        isUsable: record?.conversion.isCurrent ?? false))
            } else if ConversionCache.isUnfinished(name) {
                unfinished.append(name)
                unfinishedSize += try ConversionCache.size(of: path)
            }
        }
        return Contents(conversions: conversions, unfinished: unfinished, unfinishedSize: unfinishedSize)
    }

    /// Takes away unfinished conversions that no process is writing, and those that no run would use any more; with
    /// `all` every conversion. Files of others stay.
    /// - Returns: how many were taken away.
    package func prune(all: Bool) throws(FileError) -> Int {
        let contents = try contents()
        var count = 0
        for name in contents.unfinished
        where try PartialDirectory.removeLeftover(Path.join(directory, name)) { count += 1 }
        for kept in contents.conversions where all || !kept.isUsable {
            try Directory.removeTree(Path.join(directory, kept.key))
            count += 1
        }
        return count
    }

    private static func isUnfinished(_ name: String) -> Bool {
        let parts = name.utf8.split(separator: UInt8(ascii: "."))
        guard name.utf8.first == UInt8(ascii: "."), parts.count == 2, let key = parts.first else {
            return false
        }
        return SHA256Digest(hex: Substring(key)) != nil && parts[1].isText("partial")
    }

    private static func size(of path: String) throws(FileError) -> Int {
        guard let status = try FileStatus.existing(path) else { return 0 }
        guard status.kind == .directory else { return status.size }
        var size = 0
        for name in try Directory.names(in: path) {
            size += try ConversionCache.size(of: Path.join(path, name))
        }
        return size
    }
}
