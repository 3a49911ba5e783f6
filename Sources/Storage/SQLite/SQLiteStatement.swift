import CSQLite

/// A prepared statement. What is unsafe about statements is here.
@safe package struct SQLiteStatement: ~Copyable {
    // SAFETY: made in init, finalized in deinit and in nobody else's hands: the value cannot be copied, and the
    // connection that made it lends it only while it is open itself.
    private let statement: OpaquePointer

    /// What a column or a parameter holds.
    package enum Value: Equatable, Sendable {
        /// SQL's NULL; a column of a type that Knapsack never writes, a float or a blob, is read as it.
        case null
        /// A signed integer of 64 bits.
        case integer(Int64)
        /// A text in UTF-8; bytes that are none become U+FFFD.
        case text(String)

        /// The number; `nil` if it is none.
        package var integer: Int64? {
            if case .integer(let value) = self { value } else { nil }
        }

        /// The text; `nil` if it is none.
        package var text: String? {
            if case .text(let value) = self { value } else { nil }
        }
    }

    /// Prepares one statement of SQL; throws if SQLite does not take it.
    init(_ database: OpaquePointer, _ sql: String) throws(SQLiteError) {
        var made: OpaquePointer?
        let code = unsafe sqlite3_prepare_v2(database, sql, -1, &made, nil)
        guard code == SQLITE_OK, let made = unsafe made else {
            throw unsafe SQLiteError(code: code, String(cString: sqlite3_errmsg(database)))
        }
        unsafe statement = made
    }

    deinit { unsafe sqlite3_finalize(statement) }

    /// Starts again with other parameters, in the order of the question marks.
    package mutating func bind(_ values: [Value]) throws(SQLiteError) {
        unsafe sqlite3_reset(statement)
        for (index, value) in values.enumerated() {
            try bind(value, at: Int32(truncatingIfNeeded: index &+ 1))
        }
    }

    private mutating func bind(_ value: Value, at index: Int32) throws(SQLiteError) {
        let code: Int32
        switch value {
        case .null: code = unsafe sqlite3_bind_null(statement, index)
        case .integer(let value): code = unsafe sqlite3_bind_int64(statement, index, value)
        case .text(var value):
            // SAFETY: SQLite copies the bytes before the call returns.
            code = value.withUTF8 { bytes in
                guard let length = Int32(exactly: bytes.count) else { return SQLITE_TOOBIG }
                return unsafe bytes.withMemoryRebound(to: CChar.self) { text in
                    guard let base = text.baseAddress else {
                        return unsafe knapsack_bind_text(statement, index, "", 0)
                    }
                    return unsafe knapsack_bind_text(statement, index, base, length)
                }
            }
        }
        guard code == SQLITE_OK else { throw SQLiteError(code: code) }
    }

    /// Takes the next row; `nil` after the last one.
    package mutating func next() throws(SQLiteError) -> [Value]? {
        let code = unsafe sqlite3_step(statement)
        switch code {
        case SQLITE_ROW:
            var row: [Value] = []
            for index in 0..<(unsafe sqlite3_column_count(statement)) { row.append(column(index)) }
            return row
        case SQLITE_DONE: return nil
        default: throw SQLiteError(code: code)
        }
    }

    /// Runs a statement that has no rows.
    package mutating func run(_ values: [Value]) throws(SQLiteError) {
        try bind(values)
        while try next() != nil {}
    }

    private func column(_ index: Int32) -> Value {
        switch unsafe sqlite3_column_type(statement, index) {
        case SQLITE_INTEGER: return unsafe .integer(sqlite3_column_int64(statement, index))
        case SQLITE_TEXT:
            guard let text = unsafe sqlite3_column_text(statement, index) else { return .null }
            let count = unsafe Int(sqlite3_column_bytes(statement, index))
            // SAFETY: the text has that many bytes, and stays until the next step.
            let bytes = unsafe UnsafeBufferPointer(start: text, count: count)
            return unsafe .text(String(decoding: bytes, as: UTF8.self))
        default: return .null
        }
    }
}
