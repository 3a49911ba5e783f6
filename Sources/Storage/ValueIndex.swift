import Formats
import Synchronization

/// Texts that were computed before, remembered by keys that say all that they were computed from.
///
/// It is a cache: one that is corrupt or was written by a newer Knapsack is thrown away, and one that cannot be opened
/// is done without. A row that does not carry its seal is not believed.
package final class ValueIndex: Sendable {
    /// The layout of the table, kept in SQLite's `user_version`.
    private static let version: Int64 = 1

    private let database: SQLiteDatabase

    private init(path: String) throws {
        database = try SQLiteDatabase(path: path, isReadOnly: false)
        // It can be lost at any time, so it is not worth waiting for the disk.
        try database.execute("PRAGMA synchronous = OFF")
        try database.write { connection in
            let found = try connection.column("PRAGMA user_version")
            let tables = try connection.column("SELECT name FROM sqlite_master ORDER BY name")
            if found == [.integer(0)], tables.isEmpty {
                try connection.execute(
                    """
                    CREATE TABLE value (key TEXT PRIMARY KEY, text TEXT NOT NULL, seal TEXT NOT NULL) WITHOUT ROWID;
                    PRAGMA user_version = \(ValueIndex.version);
                    """)
            } else if found != [.integer(ValueIndex.version)] || tables != [.text("value")] {
                throw SQLiteError.notADatabase
            }
        }
    }

    /// Opens an index in a directory, making both where they are missing.
    /// - Parameter name: the file's.
    /// - Returns: `nil` where the directory cannot be written.
    package static func open(_ name: String, inDirectory directory: String) -> ValueIndex? {
        let path = Path.join(directory, name)
        do {
            try Directory.make(directory)
            return try ValueIndex(path: path)
        } catch let error as SQLiteError where error.isDamage {
            try? remove(name, inDirectory: directory)
            return try? ValueIndex(path: path)
        } catch {
            return nil
        }
    }

    /// The bytes that an index takes on the disk; 0 where there is none.
    package static func size(_ name: String, inDirectory directory: String) -> Int {
        files(name, directory).reduce(0) { $0 &+ $1.size }
    }

    /// Takes an index away; one that is missing is *not* an error.
    package static func remove(_ name: String, inDirectory directory: String) throws(FileError) {
        for file in files(name, directory) { try Directory.removeFile(file.path) }
    }

    private static func files(_ name: String, _ directory: String) -> [(path: String, size: Int)] {
        ["", "-journal", "-shm", "-wal"].compactMap { suffix in
            let path = Path.join(directory, name + suffix)
            guard let status = try? FileStatus.existing(path), status.kind == .file else { return nil }
            return (path, status.size)
        }
    }

    /// What is remembered for keys, in their order, with `nil` for nothing.
    package func texts(for keys: [String]) -> [String?] {
        let found = try? database.read { connection in
            var statement = try connection.statement("SELECT text, seal FROM value WHERE key = ?")
            var result: [String?] = []
            for key in keys {
                try statement.bind([.text(key)])
                let row = try statement.next()
                let text = row?.first?.text
                let seal = row?.last?.text
                result.append(text.flatMap { ValueIndex.seal(key, $0) == seal ? $0 : nil })
            }
            return result
        }
        return found ?? keys.map { _ in nil }
    }

    /// Remembers texts; a failure only means that they are computed again.
    package func remember(_ rows: [(key: String, text: String)]) {
        guard !rows.isEmpty else { return }
        try? database.write { connection in
            var statement = try connection.statement("INSERT OR REPLACE INTO value VALUES (?, ?, ?)")
            for row in rows {
                try statement.run([
                    .text(row.key), .text(row.text), .text(ValueIndex.seal(row.key, row.text)),
                ])
            }
        }
    }

    /// SQLite keeps no checksums, so a flipped bit would be believed without one of our own.
    private static func seal(_ key: String, _ text: String) -> String {
        let digest = try? ContentHasher.sha256(Array("\(key)\n\(text)".utf8).span)
        return digest.map { String($0.hex.prefix(16)) } ?? ""
    }
}
