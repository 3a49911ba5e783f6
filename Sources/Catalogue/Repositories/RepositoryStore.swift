import Formats
package import Manifests
package import Storage

/// The repositories of a catalogue as the Hub has them: commits, branches and tags in the catalogue's database, contents in
/// its ``ContentStore``. A commit is there with all of its files, or not at all.
package struct RepositoryStore: Sendable {
    /// Why something cannot be done.
    package enum Problem: Error, Sendable, Equatable {
        /// There is a repository, a branch or a tag of that name, or one that differs from it in capital letters alone.
        case exists
        /// There is no such repository, branch, tag or commit.
        case missing
        /// The branch is not at the commit any more that the change was made for; where it is now.
        case moved(to: String)
        /// Two files cannot be at these places: one would be in a folder that the other one is.
        case collision(String)
        /// The change removes what is not there.
        case absent(String)
        /// There are more than so many files.
        case tooMany(Int)
        /// The disk is full.
        case full
        /// The database cannot be used.
        case database(SQLiteError)
    }

    /// The most files of a commit's whole listing.
    package static let fileLimit = 200_000

    /// Where contents are.
    package let contents: ContentStore
    private let catalogue: ModelCatalogue

    /// The repositories of a catalogue.
    package init(_ catalogue: ModelCatalogue) {
        contents = catalogue.store
        self.catalogue = catalogue
    }

    /// The tables. A commit keeps what it changed, or, where that is as much, everything (`is_whole`).
    static let schema = """
        CREATE TABLE IF NOT EXISTS repository (
            number INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, id TEXT NOT NULL, low TEXT NOT NULL,
            is_private INTEGER NOT NULL, created INTEGER NOT NULL, UNIQUE (kind, low)
        );
        CREATE TABLE IF NOT EXISTS repository_commit (
            number INTEGER PRIMARY KEY AUTOINCREMENT, repository INTEGER NOT NULL, name TEXT NOT NULL,
            parent TEXT, title TEXT NOT NULL, message TEXT NOT NULL, author TEXT NOT NULL, time INTEGER NOT NULL,
            is_whole INTEGER NOT NULL, debt INTEGER NOT NULL, UNIQUE (repository, name)
        );
        CREATE TABLE IF NOT EXISTS repository_ref (
            repository INTEGER NOT NULL, name TEXT NOT NULL, commit_name TEXT NOT NULL, is_tag INTEGER NOT NULL,
            PRIMARY KEY (repository, name)
        ) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS repository_change (
            commit_number INTEGER NOT NULL, path TEXT NOT NULL, sha256 TEXT, size INTEGER, git TEXT,
            is_large INTEGER, PRIMARY KEY (commit_number, path)
        ) WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS repository_content ON repository_change (sha256);
        CREATE TABLE IF NOT EXISTS repository_upload (
            user TEXT NOT NULL, sha256 TEXT NOT NULL, time INTEGER NOT NULL, PRIMARY KEY (user, sha256)
        ) WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS repository_uploaded ON repository_upload (sha256);
        """

    // MARK: Repositories

    /// A repository; `nil` if there is none.
    package func find(_ repository: HubRepository) throws(Problem) -> StoredRepository? {
        try look { connection in try RepositoryStore.find(repository, &connection) }
    }

    /// The same within a transaction.
    static func find(
        _ repository: HubRepository, _ connection: inout SQLiteConnection
    ) throws -> StoredRepository? {
        var statement = try connection.statement(
            "SELECT number, id, is_private, created FROM repository WHERE kind = ? AND low = ?")
        try statement.bind([.text(repository.kind.rawValue), .text(RepositoryStore.low(repository.id))])
        guard let row = try statement.next(), let found = stored(row, repository.kind) else { return nil }
        return found.repository.id.hasSameBytes(as: repository.id) ? found : nil
    }

    private static func stored(
        _ row: [SQLiteStatement.Value], _ kind: HubRepository.Kind
    ) -> StoredRepository? {
        guard row.count == 4, let number = row[0].integer, let id = row[1].text,
            HubRepository.problem(inID: id) == nil, let isPrivate = row[2].integer,
            let created = row[3].integer
        else { return nil }
        return StoredRepository(
            number: number, repository: HubRepository(kind: kind, id: id), isPrivate: isPrivate != 0,
            created: created)
    }

    /// Ids are ASCII, as ``HubRepository/problem(inID:)`` has it.
    static func low(_ id: String) -> String { id.lowercased() }

    /// The repositories of a kind, sorted by the bytes of their ids.
    package func all(_ kind: HubRepository.Kind) throws(Problem) -> [StoredRepository] {
        try look { connection in
            var statement = try connection.statement(
                "SELECT number, id, is_private, created FROM repository WHERE kind = ? ORDER BY id")
            try statement.bind([.text(kind.rawValue)])
            var found: [StoredRepository] = []
            while let row = try statement.next() {
                if let one = RepositoryStore.stored(row, kind) { found.append(one) }
            }
            return found
        }
    }

    /// Makes a repository whose branch `main` has one commit.
    package func create(
        _ repository: HubRepository, isPrivate: Bool, files: [RepositoryFile], _ kept: [KeptContent],
        author: String
    ) throws(Problem) {
        let now = currentTime() / 1_000_000_000
        try change { connection in
            var known = try connection.statement("SELECT 1 FROM repository WHERE kind = ? AND low = ?")
            try known.bind([.text(repository.kind.rawValue), .text(RepositoryStore.low(repository.id))])
            guard try known.next() == nil else { throw Problem.exists }
            var insert = try connection.statement(
                "INSERT INTO repository (kind, id, low, is_private, created) VALUES (?, ?, ?, ?, ?)")
            try insert.run([
                .text(repository.kind.rawValue), .text(repository.id),
                .text(RepositoryStore.low(repository.id)), .integer(isPrivate ? 1 : 0), .integer(now),
            ])
            guard let made = try RepositoryStore.find(repository, &connection) else { throw Problem.missing }
            let commit = try record(
                files, over: nil, of: made.number,
                CommitText(title: "initial commit", message: "", author: author), now, &connection)
            var ref = try connection.statement("INSERT INTO repository_ref VALUES (?, 'main', ?, 0)")
            try ref.run([.integer(made.number), .text(commit.name)])
            try remember(kept, &connection)
            try writeRecord(made.number, &connection)
        }
    }

    /// Shows a repository to all, or to its owner alone.
    package func set(_ repository: StoredRepository, isPrivate: Bool) throws(Problem) {
        try change { connection in
            var update = try connection.statement("UPDATE repository SET is_private = ? WHERE number = ?")
            try update.run([.integer(isPrivate ? 1 : 0), .integer(repository.number)])
            try writeRecord(repository.number, &connection)
        }
    }

    /// Gives a repository another id.
    package func rename(_ repository: StoredRepository, to other: HubRepository) throws(Problem) {
        try change { connection in
            var known = try connection.statement(
                "SELECT 1 FROM repository WHERE kind = ? AND low = ? AND number != ?")
            try known.bind([
                .text(other.kind.rawValue), .text(RepositoryStore.low(other.id)),
                .integer(repository.number),
            ])
            guard try known.next() == nil else { throw Problem.exists }
            var update = try connection.statement("UPDATE repository SET id = ?, low = ? WHERE number = ?")
            try update.run([
                .text(other.id), .text(RepositoryStore.low(other.id)), .integer(repository.number),
            ])
            try RepositoryStore.leave(repository, &connection)
            try writeRecord(repository.number, &connection)
        }
    }

    /// Notes that a repository is not at its name any more.
    private static func leave(
        _ repository: StoredRepository, _ connection: inout SQLiteConnection
    ) throws {
        try FormerName.note(
            repository.repository.kind, repository.repository.id, owner: repository.owner,
            isPublic: !repository.isPrivate, &connection)
    }

    /// Forgets a repository and all of its commits. Content that nothing else names goes with the catalogue's next sweep.
    package func delete(_ repository: StoredRepository) throws(Problem) {
        try change { connection in
            for sql in [
                "DELETE FROM repository_ref WHERE repository = ?",
                """
                DELETE FROM repository_change WHERE commit_number IN
                (SELECT number FROM repository_commit WHERE repository = ?)
                """,
                "DELETE FROM repository_commit WHERE repository = ?",
                "DELETE FROM repository WHERE number = ?",
            ] {
                var statement = try connection.statement(sql)
                try statement.run([.integer(repository.number)])
            }
            try RepositoryStore.leave(repository, &connection)
        }
        // A database that is made anew shall not have it again.
        try? Directory.removeTree(RepositoryRecord.folder(repository.number, in: catalogue.directory))
    }

    // MARK: Contents

    /// Gives content that is whole and on the disk its name in the store.
    /// - Returns: what keeps it until a commit has named it.
    package func keep(_ incoming: IncomingContent, _ content: StoredContent) throws -> KeptContent {
        try catalogue.keep(incoming, content)
    }

    /// Gives contents that are whole their names in the store, all of them together. They need not be on the disk yet.
    /// - Returns: what keeps them until a commit has named them.
    package func keep(
        _ items: [(incoming: IncomingContent, content: StoredContent)]
    ) throws -> [KeptContent] {
        let digests = items.map(\.content.sha256)
        let proved = try look { connection in
            var find = try connection.statement(
                "SELECT size, device, inode, modified, changed FROM content WHERE sha256 = ?")
            var proved: [SHA256Digest: FileStatus] = [:]
            for digest in digests {
                try find.bind([.text(digest.hex)])
                if let row = try find.next() { proved[digest] = ModelCatalogue.status(in: row[...]) }
            }
            return proved
        }
        return try contents.keep(items, proved: proved)
    }

    /// What the file of a content was when its content was hashed as it came; `nil` where nobody knows.
    package func status(of digest: SHA256Digest) -> FileStatus? {
        let found = try? look { connection in
            var find = try connection.statement(
                "SELECT size, device, inode, modified, changed FROM content WHERE sha256 = ?")
            try find.bind([.text(digest.hex)])
            return try find.next().flatMap { ModelCatalogue.status(in: $0[...]) }
        }
        return found ?? nil
    }

    /// Notes what the files of contents were when they were hashed.
    func remember(_ kept: [KeptContent], _ connection: inout SQLiteConnection) throws {
        for one in kept { try ModelCatalogue.remember(one.content.sha256, one.status, &connection) }
    }

    // MARK: Records

    /// Puts a repository, as the tables have it, on the disk beside the database.
    func writeRecord(_ repository: Int64, _ connection: inout SQLiteConnection) throws {
        try RepositoryRecord.write(repository, in: catalogue.directory, &connection)
    }

    /// Where records are.
    var directory: String { catalogue.directory }

    // MARK: SQLite

    /// Changes the database: all of it or, where the body throws, nothing.
    func change<Result: Sendable>(
        _ body: (inout SQLiteConnection) throws -> Result
    ) throws(Problem) -> Result {
        do {
            defer { catalogue.cache.forget() }
            return try catalogue.database.write(body)
        } catch {
            throw RepositoryStore.problem(error)
        }
    }

    /// Reads one state of the database.
    func look<Result: Sendable>(
        _ body: (inout SQLiteConnection) throws -> Result
    ) throws(Problem) -> Result {
        do { return try catalogue.look(body) } catch { throw RepositoryStore.problem(error) }
    }

    private static func problem(_ error: any Error) -> Problem {
        switch error {
        case let problem as Problem: problem
        case ModelCatalogue.Problem.database(let error): .database(error)
        case let error as FileError where error.isFullDisk: .full
        // SQLITE_FULL
        case let error as SQLiteError: error.code == 13 ? .full : .database(error)
        default: .database(SQLiteError(code: 1, "\(error)"))
        }
    }
}

/// What the author of a commit wrote, and who it was.
package struct CommitText: Sendable {
    /// The first line.
    package let title: String
    /// The rest; may be empty.
    package let message: String
    /// Whose token it came with: no blanks, no angle brackets.
    package let author: String

    /// Takes what came with a commit.
    package init(title: String, message: String, author: String) {
        self.title = title
        self.message = message
        self.author = author
    }
}
