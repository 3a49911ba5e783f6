package import Formats
import Manifests
package import Storage
import Synchronization

/// The catalogue of models: versions in an SQLite database, their files in a ``ContentStore`` beside it. One process has a
/// catalogue at a time.
package final class ModelCatalogue: Sendable {
    /// Why something cannot be done.
    package enum Problem: Error, Sendable {
        /// Another process has the catalogue.
        case inUse
        /// There is such a version.
        case exists
        /// The database cannot be used.
        case database(SQLiteError)
        /// The disk does not do it.
        case file(FileError)

        /// Whether the disk is full.
        package var isFull: Bool {
            switch self {
            // SQLITE_FULL
            case .database(let error): error.code == 13
            case .file(let error): error.isFullDisk
            case .inUse, .exists: false
            }
        }

        /// Whether nothing can be written, because the file system allows it no more.
        package var isReadOnly: Bool {
            switch self {
            // SQLITE_READONLY
            case .database(let error): error.code == 8
            // EROFS
            case .file(let error): error.code == 30
            case .inUse, .exists: false
            }
        }

        /// Whether the database is damaged.
        package var isDamage: Bool { if case .database(let error) = self { error.isDamage } else { false } }
    }

    /// The files' contents.
    package let store: ContentStore
    /// What was made anew when it was opened; `nil` if nothing had to be.
    package let restored: Restored?
    /// The catalogue's directory.
    let directory: String
    /// The connection by which it is changed.
    let database: SQLiteDatabase
    /// Connections that only look: they wait for no change to reach the disk.
    private let readers: [SQLiteDatabase]
    private let turn = Atomic<Int>(0)
    /// What was looked up last.
    let cache = VersionCache()
    private let lock: FileHandle
    /// Whether something was deleted that was not swept.
    let hasDeleted = Atomic(true)

    private static let readerCount = 4

    /// Opens a catalogue, and makes one where there is none. A database that is damaged is set aside, and made anew from the
    /// records of the versions.
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
        do throws(FileError) {
            self.directory = try Directory.realPath(directory)
            store = try ContentStore(directory: self.directory)
        } catch {
            throw .file(error)
        }
        do {
            let path = Path.join(directory, "catalogue.sqlite")
            let (database, wasDamaged) = try ModelCatalogue.openOrReplace(path)
            self.database = database
            restored = try database.write { connection in
                try RepositoryRecord.settle(in: directory, wasDamaged: wasDamaged, &connection)
                return try ModelCatalogue.restore(from: directory, wasDamaged: wasDamaged, &connection)
            }
            var readers: [SQLiteDatabase] = []
            for _ in 0..<ModelCatalogue.readerCount {
                readers.append(try SQLiteDatabase(path: path, isReadOnly: false))
            }
            self.readers = readers
        } catch {
            throw ModelCatalogue.problem(error)
        }
    }

    /// - Returns: also whether a damaged database was set aside.
    private static func openOrReplace(_ path: String) throws -> (SQLiteDatabase, Bool) {
        do {
            return (try CatalogueTables.open(path), false)
        } catch let error as SQLiteError where error.isDamage {
            for ending in CatalogueTables.endings
            where try FileStatus.existing(path + ending) != nil {
                try AtomicFile.rename(path + ending, to: path + ".damaged" + ending)
            }
            return (try CatalogueTables.open(path), true)
        }
    }

    /// Another number after each change: what was read under it before the change is not what is there.
    package var generation: Int { cache.generation }

    // MARK: Changing

    /// Gives content that is whole its name in the store.
    /// - Returns: what keeps it until ``add(_:_:)`` has named it.
    package func keep(
        _ incoming: IncomingContent, _ content: StoredContent
    ) throws(Problem) -> KeptContent {
        let proved = try look { connection in
            var find = try connection.statement(
                "SELECT size, device, inode, modified, changed FROM content WHERE sha256 = ?")
            try find.bind([.text(content.sha256.hex)])
            return try find.next().flatMap { ModelCatalogue.status(in: $0[...]) }
        }
        do throws(FileError) {
            return try store.keep(incoming, content, proved: proved)
        } catch {
            throw .file(error)
        }
    }

    /// Adds a version whose contents are in the store: all of it is there at once.
    /// - Parameter kept: the contents of its files.
    package func add(_ version: ModelVersion, _ kept: [KeptContent]) throws(Problem) {
        var written: Int64?
        do throws(Problem) {
            try change { connection in
                guard try ModelCatalogue.active(version, &connection) == nil else { throw Problem.exists }
                let number = try ModelCatalogue.insert(version, number: .null, &connection)
                for content in kept {
                    try ModelCatalogue.remember(content.content.sha256, content.status, &connection)
                }
                written = number
                try CatalogueRecord.write(number, version, in: directory)
            }
        } catch {
            // What is not in the database has no record, either; else the next start would add it.
            if let written { try? CatalogueRecord.remove(written, in: directory) }
            throw error
        }
        withExtendedLifetime(kept) {}
    }

    /// Puts another document in the place of that of a version, or of the newest one where none is named. Nobody else changes
    /// it in between.
    /// - Parameter edit: makes the new document of the one that is there; `nil` leaves that. It may be called again.
    /// - Returns: the document that is there now; `nil` if there is no such version.
    package func replace(
        user: String, model: String, version: String?, _ edit: (JSON) -> JSON?
    ) throws(Problem) -> JSON? {
        while true {
            // The document is read and written as JSON while others can use the database.
            guard
                let found = try find(
                    user: user, model: model, version: version, isPublicOnly: false, withFiles: true)
            else {
                return nil
            }
            guard let document = try? JSON.parse(Array(found.text.utf8)) else {
                throw .database(SQLiteError(code: 11, "the document of a version is damaged"))
            }
            guard let edited = edit(document) else { return document }
            let new = ModelVersion(
                user: found.user, model: found.model, version: found.version, document: edited,
                files: found.files.map(\.file))
            if try replace(found, with: new) { return edited }
        }
    }

    /// - Returns: whether nobody was faster.
    private func replace(_ found: FoundVersion, with new: ModelVersion) throws(Problem) -> Bool {
        let columns = ModelCatalogue.columns(new)
        let text = new.document.compactText
        return try change { connection in
            var update = try connection.statement(
                """
                UPDATE version SET framework = ?, type = ?, tags = ?, words = ?, is_public = ?, edition = edition + 1
                WHERE number = ? AND edition = ? AND is_active = 1
                """)
            try update.run(columns + [.integer(found.number), .integer(found.edition)])
            guard try connection.column("SELECT changes()") == [.integer(1)] else { return false }
            var document = try connection.statement("UPDATE document SET text = ? WHERE number = ?")
            try document.run([.text(text), .integer(found.number)])
            try CatalogueRecord.write(found.number, new, in: directory)
            return true
        }
    }

    /// Takes a version, or all versions of a model, out of sight; the content stays until the next sweep.
    /// - Parameter version: `nil` for all.
    /// - Returns: how many versions those were.
    package func delete(user: String, model: String, version: String?) throws(Problem) -> Int {
        let numbers = try change { connection in
            let (condition, values) = ModelCatalogue.condition(user, model, version)
            var find = try connection.statement("SELECT number, is_public FROM version WHERE \(condition)")
            try find.bind(values)
            var numbers: [Int64] = []
            var isPublic = false
            while let row = try find.next() {
                guard row.count == 2, let number = row[0].integer else { continue }
                numbers.append(number)
                isPublic = isPublic || row[1] == .integer(1)
            }
            var update = try connection.statement("UPDATE version SET is_active = 0 WHERE number = ?")
            for number in numbers { try update.run([.integer(number)]) }
            let (rest, names) = ModelCatalogue.condition(user, model, nil)
            var others = try connection.statement("SELECT 1 FROM version WHERE \(rest) LIMIT 1")
            try others.bind(names)
            if !numbers.isEmpty, try others.next() == nil {
                try FormerName.note(.model, "\(user)/\(model)", owner: user, isPublic: isPublic, &connection)
            }
            return numbers
        }
        // A database that is made anew shall not have them again.
        for number in numbers { try? CatalogueRecord.remove(number, in: directory) }
        if !numbers.isEmpty { hasDeleted.store(true, ordering: .releasing) }
        return numbers.count
    }

    // MARK: SQLite

    /// The condition that takes one version, or all of a model, and its values.
    static func condition(
        _ user: String, _ model: String, _ version: String?
    ) -> (String, [SQLiteStatement.Value]) {
        let base = "user = ? AND model = ? AND is_active = 1"
        guard let version else { return (base, [.text(user), .text(model)]) }
        return (base + " AND version = ?", [.text(user), .text(model), .text(version)])
    }

    /// The number of the version that has the names of another one.
    static func active(
        _ version: ModelVersion, _ connection: inout SQLiteConnection
    ) throws -> Int64? {
        let (condition, values) = condition(version.user, version.model, version.version)
        var known = try connection.statement("SELECT number FROM version WHERE \(condition)")
        try known.bind(values)
        return try known.next()?.first?.integer
    }

    /// Puts a version into the tables.
    /// - Parameter number: `.null` for one that was never used.
    /// - Returns: its number.
    static func insert(
        _ version: ModelVersion, number: SQLiteStatement.Value, _ connection: inout SQLiteConnection
    ) throws -> Int64 {
        var insert = try connection.statement(
            """
            INSERT INTO version
            (framework, type, tags, words, is_public, user, model, version, number, is_active, edition)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1, 0)
            """)
        try insert.run(
            columns(version) + [.text(version.user), .text(version.model), .text(version.version), number])
        guard let made = try connection.column("SELECT last_insert_rowid()").first?.integer else {
            throw SQLiteError(code: 1, "a version got no number")
        }
        var document = try connection.statement("INSERT INTO document VALUES (?, ?)")
        try document.run([.integer(made), .text(version.document.compactText)])
        var file = try connection.statement("INSERT INTO file VALUES (?, ?, ?, ?, ?)")
        for item in version.files {
            try file.run([
                .integer(made), .text(item.path.text), .text(item.content.sha256.hex),
                .integer(Int64(item.content.size)), .integer(Int64(item.content.crc32)),
            ])
        }
        return made
    }

    /// What of a version is searched in SQL.
    private static func columns(_ version: ModelVersion) -> [SQLiteStatement.Value] {
        func text(_ key: String) -> String { version.document[key]?.string ?? "" }
        let tags = version.document["tags"]?.strings ?? []
        let words = [text("name"), text("description"), text("model_id"), text("algorithm")] + tags
        return [
            .text(text("framework")), .text(text("model_type")),
            .text(tags.isEmpty ? "" : "\n" + tags.joined(separator: "\n") + "\n"),
            .text(
                ModelFilter.userMark(version.user) + "\n"
                    + ModelFilter.folded(words.joined(separator: "\n")) + "\n"),
            .integer(version.isPublic ? 1 : 0),
        ]
    }

    /// Notes what a file was when its content was hashed.
    static func remember(
        _ digest: SHA256Digest, _ status: FileStatus, _ connection: inout SQLiteConnection
    ) throws {
        var remember = try connection.statement("INSERT OR REPLACE INTO content VALUES (?, ?, ?, ?, ?, ?)")
        try remember.run([
            .text(digest.hex), .integer(Int64(status.size)), .integer(Int64(bitPattern: status.device)),
            .integer(Int64(bitPattern: status.inode)), .integer(status.modified), .integer(status.changed),
        ])
    }

    /// The status in five columns of `content`; `nil` where there is none.
    static func status(in columns: ArraySlice<SQLiteStatement.Value>) -> FileStatus? {
        let numbers = columns.compactMap(\.integer)
        guard numbers.count == 5, let size = Int(exactly: numbers[0]) else { return nil }
        return FileStatus(
            kind: .file, size: size, device: UInt64(bitPattern: numbers[1]),
            inode: UInt64(bitPattern: numbers[2]), modified: numbers[3], changed: numbers[4])
    }

    /// Changes the database: all of it or, where the body throws, nothing.
    func change<Result: Sendable>(
        _ body: (inout SQLiteConnection) throws -> Result
    ) throws(Problem) -> Result {
        do {
            // Also where it failed: nobody knows how far it came.
            defer { cache.forget() }
            return try database.write(body)
        } catch {
            throw ModelCatalogue.problem(error)
        }
    }

    /// Reads one state of the database, beside others who read or change it.
    func look<Result: Sendable>(
        _ body: (inout SQLiteConnection) throws -> Result
    ) throws(Problem) -> Result {
        let number = turn.wrappingAdd(1, ordering: .relaxed).oldValue
        let reader = readers[Int(truncatingIfNeeded: UInt(bitPattern: number) % UInt(readers.count))]
        do { return try reader.read(body) } catch { throw ModelCatalogue.problem(error) }
    }

    /// An error of the database or of the disk.
    static func problem(_ error: any Error) -> Problem {
        switch error {
        case let problem as Problem: problem
        case let error as SQLiteError: .database(error)
        case let error as FileError: .file(error)
        default: .database(SQLiteError(code: 1, "\(error)"))
        }
    }
}
