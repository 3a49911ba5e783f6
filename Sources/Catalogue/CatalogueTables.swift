import Storage

/// The tables of a catalogue's database.
enum CatalogueTables {
    /// The layout of the tables, kept in SQLite's `user_version`.
    static let layout: Int64 = 2

    /// What makes the tables.
    ///
    /// `words` begins with the user's name between U+0001, so that the index of trigrams leads to one user's versions alone, and
    /// has tags between line feeds. Documents are in a table of their own: a list looks at many versions and shows few. A row
    /// of `content` is what a file was when its content was hashed.
    static let schema = """
        CREATE TABLE version (
            number INTEGER PRIMARY KEY AUTOINCREMENT, user TEXT NOT NULL, model TEXT NOT NULL, version TEXT NOT NULL,
            framework TEXT NOT NULL, type TEXT NOT NULL, tags TEXT NOT NULL, words TEXT NOT NULL,
            is_public INTEGER NOT NULL, is_active INTEGER NOT NULL, edition INTEGER NOT NULL
        );
        CREATE UNIQUE INDEX named ON version (user, model, version) WHERE is_active = 1;
        CREATE INDEX listed ON version (user, number, framework, type) WHERE is_active = 1;
        CREATE INDEX deleted ON version (number) WHERE is_active = 0;
        CREATE TABLE document (number INTEGER PRIMARY KEY, text TEXT NOT NULL);
        CREATE TABLE file (
            number INTEGER NOT NULL, path TEXT NOT NULL, sha256 TEXT NOT NULL, size INTEGER NOT NULL,
            crc32 INTEGER NOT NULL, PRIMARY KEY (number, path)
        ) WITHOUT ROWID;
        CREATE INDEX file_content ON file (sha256);
        CREATE TABLE content (
            sha256 TEXT PRIMARY KEY, size INTEGER NOT NULL, device INTEGER NOT NULL, inode INTEGER NOT NULL,
            modified INTEGER NOT NULL, changed INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE VIRTUAL TABLE search USING fts5(
            words, content = 'version', content_rowid = 'number', tokenize = 'trigram', columnsize = 0
        );
        CREATE TRIGGER version_added AFTER INSERT ON version BEGIN
            INSERT INTO search (rowid, words) VALUES (new.number, new.words);
        END;
        CREATE TRIGGER version_changed AFTER UPDATE OF words ON version BEGIN
            INSERT INTO search (search, rowid, words) VALUES ('delete', old.number, old.words);
            INSERT INTO search (rowid, words) VALUES (new.number, new.words);
        END;
        CREATE TRIGGER version_removed AFTER DELETE ON version BEGIN
            INSERT INTO search (search, rowid, words) VALUES ('delete', old.number, old.words);
        END;
        PRAGMA user_version = \(layout);
        """

    /// Leads to the newest version of a model, also to the newest one that is public, without a look at those of other models.
    /// It came later than the layout, and earlier programs do without it.
    private static let newest = """
        CREATE INDEX IF NOT EXISTS newest ON version (user, model, number, is_public) WHERE is_active = 1;
        """

    /// Opens the database in a file that is there, or makes it, and looks whether its pages hold together.
    /// - Throws: an error of damage where it has to be made anew.
    static func open(_ path: String) throws -> SQLiteDatabase {
        let database = try SQLiteDatabase(path: path, isReadOnly: false)
        // What was acknowledged stays, also after a loss of power.
        try database.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
        try database.write { connection in
            let found = try connection.column("PRAGMA user_version")
            if found == [.integer(0)] {
                try connection.execute(schema)
            } else if found != [.integer(layout)] {
                throw SQLiteError(code: 1, "another version of Knapsack made the catalogue")
            } else {
                guard try connection.column("PRAGMA quick_check(1)") == [.text("ok")] else {
                    throw SQLiteError(code: 11, "the database is damaged")
                }
                // What is found through the index has to be what the table has.
                try connection.execute("INSERT INTO search (search) VALUES ('integrity-check')")
            }
            try connection.execute(newest)
            try connection.execute(RepositoryStore.schema)
            try connection.execute(FormerName.schema)
            try connection.execute(
                "DELETE FROM repository_upload WHERE time < \(currentTime() &- RepositoryStore.uploadLife)")
        }
        return database
    }

    /// Asks for a row where a table names the content ?1. All tables that name contents have to be in it: what none names is
    /// swept.
    static let namesContent = """
        SELECT 1 FROM file WHERE sha256 = ?1 UNION ALL SELECT 1 FROM repository_change WHERE sha256 = ?1
        UNION ALL SELECT 1 FROM repository_upload WHERE sha256 = ?1 LIMIT 1
        """

    /// The names of a database's files behind its path.
    static let endings = ["", "-wal", "-shm"]
}
