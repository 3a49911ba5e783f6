package import Formats
package import Storage

/// The catalogue of models: versions in an SQLite database, their files in a ``ContentStore`` beside it. One process has a
/// catalogue at a time.
package final class ModelCatalogue: Sendable {
    /// Why something cannot be done.
    package enum Problem: Error, Sendable {
        /// Another process has the catalogue.
        case inUse
        /// There is such a version, or was one that is deleted and not swept yet.
        case exists
        /// The database cannot be used.
        case database(SQLiteError)
        /// The disk does not do it.
        case file(FileError)
    }

    /// The files' contents.
    package let store: ContentStore
    private let database: SQLiteDatabase
    private let lock: FileHandle

    /// The layout of the tables, kept in SQLite's `user_version`.
    private static let layout: Int64 = 1

    /// Opens a catalogue, and makes one where there is none.
    package init(directory: String) throws(Problem) {
        var claimed: FileHandle?
        do throws(FileError) {
            try Directory.make(directory)
            claimed = try FileHandle.claiming(Path.join(directory, "lock"))
        } catch {
            throw .file(error)
        }
        guard let lock = claimed.take() else { throw .inUse }
        self.lock = lock
        do throws(FileError) { store = try ContentStore(directory: directory) } catch { throw .file(error) }
        do {
            let path = Path.join(directory, "catalogue.sqlite")
            let database = try SQLiteDatabase(path: path, isReadOnly: false)
            // What was acknowledged stays, also after a loss of power.
            try database.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
            try database.write { connection in
                let found = try connection.column("PRAGMA user_version")
                if found == [.integer(0)] {
                    try connection.execute(ModelCatalogue.schema)
                } else if found != [.integer(ModelCatalogue.layout)] {
                    throw SQLiteError(code: 26, "another version of Knapsack made the catalogue")
                }
            }
            self.database = database
        } catch {
            throw .database(error as? SQLiteError ?? SQLiteError(code: 1, "\(error)"))
        }
    }

    private static let schema = """
        CREATE TABLE version (
            number INTEGER PRIMARY KEY, user TEXT NOT NULL, model TEXT NOT NULL, version TEXT NOT NULL,
            framework TEXT NOT NULL, type TEXT NOT NULL, tags TEXT NOT NULL, words TEXT NOT NULL,
            document TEXT NOT NULL, is_active INTEGER NOT NULL, UNIQUE (user, model, version)
        );
        CREATE INDEX active ON version (user, is_active, number);
        CREATE TABLE file (
            number INTEGER NOT NULL, path TEXT NOT NULL, sha256 TEXT NOT NULL, size INTEGER NOT NULL,
            crc32 INTEGER NOT NULL, PRIMARY KEY (number, path)
        ) WITHOUT ROWID;
        PRAGMA user_version = \(layout);
        """

    // MARK: Changing

    /// Adds a version whose contents are in the store: all of it is there at once.
    package func add(_ version: ModelVersion) throws(Problem) {
        try change { connection in
            var known = try connection.statement(
                "SELECT 1 FROM version WHERE user = ? AND model = ? AND version = ?")
            try known.bind([.text(version.user), .text(version.model), .text(version.version)])
            guard try known.next() == nil else { throw Problem.exists }
            var insert = try connection.statement(
                """
                INSERT INTO version (user, model, version, framework, type, tags, words, document, is_active)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1)
                """)
            try insert.run(
                [.text(version.user), .text(version.model), .text(version.version)]
                    + ModelCatalogue.columns(version.document))
            let number = try connection.column("SELECT last_insert_rowid()").first ?? .null
            var file = try connection.statement("INSERT INTO file VALUES (?, ?, ?, ?, ?)")
            for item in version.files {
                try file.run([
                    number, .text(item.path.text), .text(item.content.sha256.hex),
                    .integer(Int64(item.content.size)), .integer(Int64(item.content.crc32)),
                ])
            }
        }
    }

    /// Puts another document in the place of that of a version, or of the newest one where none is named. Nobody else changes
    /// it in between.
    /// - Parameter edit: makes the new document of the one that is there; `nil` leaves that.
    /// - Returns: the document that is there now; `nil` if there is no such version.
    package func replace(
        user: String, model: String, version: String?, _ edit: (JSON) -> JSON?
    ) throws(Problem) -> JSON? {
        try change { connection in
            var find = try connection.statement(
                """
                SELECT number, document FROM version
                WHERE user = ? AND model = ? AND (? IS NULL OR version = ?) AND is_active = 1
                ORDER BY number DESC LIMIT 1
                """)
            let wanted = version.map(SQLiteStatement.Value.text) ?? .null
            try find.bind([.text(user), .text(model), wanted, wanted])
            guard let row = try find.next(), row.count == 2, let text = row[1].text,
                let document = try? JSON.parse(Array(text.utf8))
            else { return nil }
            guard let edited = edit(document) else { return document }
            var update = try connection.statement(
                """
                UPDATE version SET framework = ?, type = ?, tags = ?, words = ?, document = ?
                WHERE number = ?
                """)
            try update.run(ModelCatalogue.columns(edited) + [row[0]])
            return edited
        }
    }

    /// Takes a version, or all versions of a model, out of sight; the content stays until the next sweep.
    /// - Parameter version: `nil` for all.
    /// - Returns: how many versions those were.
    package func delete(user: String, model: String, version: String?) throws(Problem) -> Int {
        try change { connection in
            var update = try connection.statement(
                """
                UPDATE version SET is_active = 0
                WHERE user = ? AND model = ? AND (? IS NULL OR version = ?) AND is_active = 1
                """)
            let wanted = version.map(SQLiteStatement.Value.text) ?? .null
            try update.run([.text(user), .text(model), wanted, wanted])
            return Int(try connection.column("SELECT changes()").first?.integer ?? 0)
        }
    }

    /// Forgets deleted versions, and removes content that none names. Nothing may be uploaded meanwhile.
    package func sweep() throws(Problem) {
        let named = try change { connection in
            try connection.execute(
                """
                DELETE FROM file WHERE number IN (SELECT number FROM version WHERE is_active = 0);
                DELETE FROM version WHERE is_active = 0
                """)
            return Set(exactly: try connection.column("SELECT DISTINCT sha256 FROM file").compactMap(\.text))
        }
        do throws(FileError) { _ = try store.sweep(keeping: named) } catch { throw .file(error) }
    }

    // MARK: Looking

    /// A version with its files; the newest one where none is named.
    /// - Returns: `nil` if there is none.
    package func version(user: String, model: String, version: String?) throws(Problem) -> ModelVersion? {
        try look { connection in
            var statement = try connection.statement(
                """
                SELECT number, version, document FROM version
                WHERE user = ? AND model = ? AND (? IS NULL OR version = ?) AND is_active = 1
                ORDER BY number DESC LIMIT 1
                """)
            let wanted = version.map(SQLiteStatement.Value.text) ?? .null
            try statement.bind([.text(user), .text(model), wanted, wanted])
            guard let row = try statement.next(), row.count == 3, let name = row[1].text,
                let text = row[2].text, let document = try? JSON.parse(Array(text.utf8))
            else { return nil }
            var rows = try connection.statement(
                "SELECT path, sha256, size, crc32 FROM file WHERE number = ? ORDER BY path")
            try rows.bind([row[0]])
            var files: [StoredFile] = []
            while let row = try rows.next() {
                guard row.count == 4, let path = row[0].text.flatMap({ RelativePath($0) }),
                    let digest = row[1].text.flatMap({ SHA256Digest(hex: $0) }), let size = row[2].integer,
                    let checksum = row[3].integer.flatMap({ UInt32(exactly: $0) }), size >= 0
                else { throw SQLiteError(code: 11, "the record of a file is damaged") }
                files.append(
                    StoredFile(
                        path: path, content: StoredContent(sha256: digest, size: Int(size), crc32: checksum)))
            }
            return ModelVersion(user: user, model: model, version: name, document: document, files: files)
        }
    }

    /// How many bytes of documents one list has.
    private static let listLimit = 1 << 26

    /// The documents of the versions that a filter takes, in the order in which they came: fewer than are wanted where they
    /// would be more than 64 MiB, but never none for that.
    package func documents(_ filter: ModelFilter) throws(Problem) -> [JSON] {
        // They are read as JSON when the database is free again.
        try texts(filter).compactMap { try? JSON.parse(Array($0.utf8)) }
    }

    private func texts(_ filter: ModelFilter) throws(Problem) -> [String] {
        try look { connection in
            var sql = "SELECT document FROM version WHERE user = ? AND is_active = 1"
            var values: [SQLiteStatement.Value] = [.text(filter.user)]
            if let framework = filter.framework {
                sql += " AND framework = ?"
                values.append(.text(framework))
            }
            if let type = filter.type {
                sql += " AND type = ?"
                values.append(.text(type))
            }
            for tag in filter.tags {
                sql += " AND instr(tags, ?) > 0"
                values.append(.text("\n\(tag)\n"))
            }
            for word in filter.words {
                sql += " AND instr(words, ?) > 0"
                values.append(.text(word.lowercased()))
            }
            sql += " ORDER BY number LIMIT ? OFFSET ?"
            values += [.integer(Int64(filter.limit)), .integer(Int64(filter.skip))]
            var statement = try connection.statement(sql)
            try statement.bind(values)
            var found: [String] = []
            var left = ModelCatalogue.listLimit
            while let text = try statement.next()?.first?.text {
                left -= text.utf8.count
                guard left >= 0 || found.isEmpty else { break }
                found.append(text)
            }
            return found
        }
    }

    // MARK: SQLite

    /// What of a document is searched in SQL, and the document itself.
    private static func columns(_ document: JSON) -> [SQLiteStatement.Value] {
        func text(_ key: String) -> String { document[key]?.string ?? "" }
        let tags = document["tags"]?.strings ?? []
        let words = [text("name"), text("description"), text("model_id"), text("algorithm")] + tags
        return [
            .text(text("framework")), .text(text("model_type")),
            .text(tags.isEmpty ? "" : "\n" + tags.joined(separator: "\n") + "\n"),
            .text(words.joined(separator: "\n").lowercased()), .text(document.compactText),
        ]
    }

    private func change<Result: Sendable>(
        _ body: (inout SQLiteConnection) throws -> Result
    ) throws(Problem) -> Result {
        do { return try database.write(body) } catch { throw ModelCatalogue.problem(error) }
    }

    /// Reads in one transaction.
    func look<Result: Sendable>(
        _ body: (inout SQLiteConnection) throws -> Result
    ) throws(Problem) -> Result {
        do { return try database.read(body) } catch { throw ModelCatalogue.problem(error) }
    }

    private static func problem(_ error: any Error) -> Problem {
        switch error {
        case let problem as Problem: problem
        case let error as SQLiteError: .database(error)
        default: .database(SQLiteError(code: 1, "\(error)"))
        }
    }
}
