import Formats
import TestSupport
import Testing

@testable import Storage

struct SQLiteDatabaseTests {
    @Test func givesBackWhatWasPutIn() async throws {
        try await withTemporaryDirectory { directory in
            let database = try SQLiteDatabase(path: Path.join(directory, "d"), isReadOnly: false)
            let values: [SQLiteStatement.Value] = [.null, .integer(.min), .text("ä\u{0}b"), .text("")]
            try database.write { connection in
                try connection.execute("CREATE TABLE t (v)")
                var insert = try connection.statement("INSERT INTO t VALUES (?)")
                for value in values { try insert.run([value]) }
            }
            #expect(try database.read { try $0.column("SELECT v FROM t ORDER BY rowid") } == values)
        }
    }

    @Test func leavesNothingOfAWriteThatFails() async throws {
        try await withTemporaryDirectory { directory in
            let path = Path.join(directory, "d")
            let database = try SQLiteDatabase(path: path, isReadOnly: false)
            try database.execute("CREATE TABLE t (v)")
            #expect(throws: SQLiteError.self) {
                try database.write { connection in
                    try connection.execute("INSERT INTO t VALUES (1)")
                    try connection.execute("no SQL")
                }
            }
            let again = try SQLiteDatabase(path: path, isReadOnly: true)
            #expect(try again.read { try $0.column("SELECT count(*) FROM t") } == [.integer(0)])
            #expect(throws: SQLiteError.self) { try again.write { try $0.execute("DELETE FROM t") } }
        }
    }

    @Test func refusesWhatIsNoDatabase() async throws {
        try await withTemporaryDirectory { directory in
            let path = Path.join(directory, "d")
            #expect(throws: SQLiteError.self) { try SQLiteDatabase(path: path, isReadOnly: true) }
            try writeFile(path, Array(repeating: 0x78, count: 4096))
            let error = #expect(throws: SQLiteError.self) {
                try SQLiteDatabase(path: path, isReadOnly: false).execute("SELECT * FROM sqlite_master")
            }
            #expect(error?.isDamage == true)
        }
    }
}
