import CSQLite
import Synchronization

/// An SQLite database with one connection, which serves one caller at a time.
package final class SQLiteDatabase: Sendable {
    private let connection: Mutex<SQLiteConnection>

    /// Opens the database in a file.
    ///
    /// - Parameter isReadOnly: whether a file that is missing is an error and nothing is ever changed; otherwise the
    ///   file is made.
    package init(path: String, isReadOnly: Bool) throws(SQLiteError) {
        connection = Mutex(try SQLiteConnection(path: path, isReadOnly: isReadOnly))
    }

    /// Runs statements of which each stands for itself; a `PRAGMA` or `VACUUM` that no transaction takes.
    package func execute(_ sql: String) throws(SQLiteError) {
        try connection.withLock { (connection) throws(SQLiteError) in try connection.execute(sql) }
    }

    /// Reads one state of the database.
    package func read<Result: Sendable>(_ body: (inout SQLiteConnection) throws -> Result) throws -> Result {
        try connection.withLock { try $0.transaction("BEGIN DEFERRED", body) }
    }

    /// Changes the database: all of it or, where the body throws, nothing.
    package func write<Result: Sendable>(_ body: (inout SQLiteConnection) throws -> Result) throws -> Result {
        try connection.withLock { try $0.transaction("BEGIN IMMEDIATE", body) }
    }
}

/// A connection to a database. What is unsafe about connections is here.
///
/// It may go from thread to thread (sqlite.org/threadsafe.html), and the mutex of its database keeps it to one at a time.
@safe package struct SQLiteConnection: ~Copyable, @unchecked Sendable {
    // SAFETY: made in init, closed in deinit and in nobody else's hands: the value cannot be copied.
    private let database: OpaquePointer

    /// How long to wait for the short transactions of another process, in milliseconds.
    private static let patience: Int32 = 10_000

    fileprivate init(path: String, isReadOnly: Bool) throws(SQLiteError) {
        let mode = isReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
        var made: OpaquePointer?
        let code = unsafe sqlite3_open_v2(path, &made, mode | SQLITE_OPEN_NOMUTEX, nil)
        guard code == SQLITE_OK, let made = unsafe made else {
            unsafe sqlite3_close_v2(made)
            throw SQLiteError(code: code)
        }
        unsafe database = made
        unsafe sqlite3_busy_timeout(database, SQLiteConnection.patience)
    }

    deinit { unsafe sqlite3_close_v2(database) }

    /// Runs statements that have no parameters, and whose rows nobody wants.
    package mutating func execute(_ sql: String) throws(SQLiteError) {
        let code = unsafe sqlite3_exec(database, sql, nil, nil, nil)
        guard code == SQLITE_OK else {
            throw unsafe SQLiteError(code: code, String(cString: sqlite3_errmsg(database)))
        }
    }

    /// Prepares one statement.
    package mutating func statement(_ sql: String) throws(SQLiteError) -> SQLiteStatement {
        try unsafe SQLiteStatement(database, sql)
    }

    /// The first column of every row.
    package mutating func column(_ sql: String) throws(SQLiteError) -> [SQLiteStatement.Value] {
        var statement = try statement(sql)
        var values: [SQLiteStatement.Value] = []
        while let row = try statement.next() { values.append(row.first ?? .null) }
        return values
    }

    fileprivate mutating func transaction<Result>(
        _ begin: String, _ body: (inout SQLiteConnection) throws -> Result
    ) throws -> Result {
        try execute(begin)
        do {
            let result = try body(&self)
            try execute("COMMIT")
            return result
        } catch {
            // SQLite may have rolled back already; then there is nothing to do.
            try? execute("ROLLBACK")
            throw error
        }
    }
}
