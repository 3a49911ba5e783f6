import CSQLite

/// SQLite refused: the primary result code (sqlite.org/rescode.html) and SQLite's own words.
package struct SQLiteError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The primary result code, such as `SQLITE_BUSY`.
    package let code: Int32
    /// What to tell a person.
    package let description: String

    /// Makes an error from a result code, primary or extended.
    package init(code: Int32, _ message: String? = nil) {
        self.code = code & 0xFF
        description = unsafe message ?? String(cString: sqlite3_errstr(code))
    }

    /// The file is no database, or not one that this Knapsack can use.
    static let notADatabase = SQLiteError(code: SQLITE_NOTADB)
    /// The file is a damaged database.
    static let corrupt = SQLiteError(code: SQLITE_CORRUPT)

    /// Whether the file will never be right again, unlike one that is busy or on a full disk.
    package var isDamage: Bool { code == SQLITE_NOTADB || code == SQLITE_CORRUPT }
}
