import Formats

// What is on the disk for the index, and how it is taken away again.
extension DigestIndex {
    /// The name of the database; SQLite puts its own files beside it.
    package static let fileName = "digests.sqlite"
    /// The names of all files that can belong to the index.
    package static let fileNames = ["", "-journal", "-shm", "-wal"].map { fileName + $0 }

    /// What is kept on the disk.
    package struct Kept: Equatable, Sendable {
        /// The names of the files that are there.
        package let files: [String]
        /// Their size in bytes.
        package let size: Int
        /// The number of files whose digests are remembered; `nil` if there is no index that can be read.
        package let rows: Int?
    }

    /// What an index's directory holds of it. Nothing is made and nothing is thrown away.
    package static func kept(inDirectory directory: String) throws(FileError) -> Kept {
        let found = try ownFiles(inDirectory: directory)
        let rows: Int? =
            found.contains { $0.name == fileName } ? rowCount(Path.join(directory, fileName)) : nil
        return Kept(files: found.map(\.name), size: found.reduce(0) { $0 &+ $1.size }, rows: rows)
    }

    /// Takes away every file of the index in a directory, and nothing else there; a directory that is
    /// missing is *not* an error. Indexes that are open elsewhere go on without the disk.
    package static func remove(inDirectory directory: String) throws(FileError) {
        for file in try ownFiles(inDirectory: directory) {
            try Directory.removeFile(Path.join(directory, file.name))
        }
    }

    /// Forgets every file that is gone, or is not what it was when it was hashed, and gives the disk back
    /// what that frees. A file that cannot be looked at stays.
    ///
    /// - Returns: how many were forgotten; `nil` where the index cannot be read or written.
    package static func prune(inDirectory directory: String) -> Int? {
        guard let index = try? existing(inDirectory: directory) else { return nil }
        return try? index.prune()
    }

    /// Files of the index's names; a link or a directory of such a name is none of Knapsack's.
    private static func ownFiles(
        inDirectory directory: String
    ) throws(FileError) -> [(name: String, size: Int)] {
        var files: [(name: String, size: Int)] = []
        for name in fileNames {
            guard let status = try FileStatus.existing(Path.join(directory, name)), status.kind == .file
            else { continue }
            files.append((name, status.size))
        }
        return files
    }

    private static func rowCount(_ path: String) -> Int? {
        let database = try? SQLiteDatabase(path: path, isReadOnly: true)
        return try? database?.read { connection in
            guard try connection.column("PRAGMA user_version") == [.integer(version)] else { return nil }
            return try connection.column("SELECT count(*) FROM digest").first?.integer.flatMap {
                Int(exactly: $0)
            }
        }
    }
}
