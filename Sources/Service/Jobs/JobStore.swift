import Formats
import Storage

/// The jobs of a server in an SQLite database: what was acknowledged is there after a kill and after a loss of power.
final class JobStore: Sendable {
    private let database: SQLiteDatabase
    /// The layout of the table, kept in SQLite's `user_version`.
    private static let layout: Int64 = 1

    /// Opens the database, and makes it where there is none.
    init(path: String) throws {
        database = try SQLiteDatabase(path: path, isReadOnly: false)
        try database.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
        try database.write { connection in
            let found = try connection.column("PRAGMA user_version")
            if found == [.integer(0)] {
                try connection.execute(JobStore.schema)
            } else if found != [.integer(JobStore.layout)] {
                throw SQLiteError(code: 26, "another version of Knapsack made the list of jobs")
            }
            // What ran when the server was ended begins again.
            try connection.execute("UPDATE job SET state = 'queued' WHERE state = 'running'")
        }
    }

    private static let schema = """
        CREATE TABLE job (
            number INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, owner TEXT NOT NULL,
            subject TEXT NOT NULL, request TEXT NOT NULL, created INTEGER NOT NULL, state TEXT NOT NULL,
            started INTEGER, ended INTEGER, attempts INTEGER NOT NULL, result TEXT, error TEXT
        );
        CREATE INDEX state ON job (state, number);
        PRAGMA user_version = \(layout);
        """

    /// Adds a job that waits.
    /// - Returns: its number.
    func add(_ kind: Job.Kind, owner: String, subject: String, request: JSON, created: Int64) throws -> Int {
        try database.write { connection in
            var insert = try connection.statement(
                """
                INSERT INTO job (kind, owner, subject, request, created, state, attempts)
                VALUES (?, ?, ?, ?, ?, 'queued', 0)
                """)
            try insert.run([
                .text(kind.rawValue), .text(owner), .text(subject), .text(request.compactText),
                .integer(created),
            ])
            return Int(try connection.column("SELECT last_insert_rowid()").first?.integer ?? 0)
        }
    }

    /// Writes the state of a job and what belongs to it, unless it was cancelled.
    /// - Returns: whether it was written.
    func update(_ job: Job) throws -> Bool {
        try database.write { connection in
            var update = try connection.statement(
                """
                UPDATE job SET state = ?, started = ?, ended = ?, attempts = ?, result = ?, error = ?
                WHERE number = ? AND state IN ('queued', 'running')
                """)
            try update.run([
                .text(job.state.rawValue), job.started.map(SQLiteStatement.Value.integer) ?? .null,
                job.ended.map(SQLiteStatement.Value.integer) ?? .null, .integer(Int64(job.attempts)),
                .text(job.result.compactText), job.error.map(SQLiteStatement.Value.text) ?? .null,
                .integer(Int64(job.number)),
            ])
            return try connection.column("SELECT changes()").first == .integer(1)
        }
    }

    /// Forgets a job.
    func remove(_ number: Int) throws {
        try database.write { connection in
            var delete = try connection.statement("DELETE FROM job WHERE number = ?")
            try delete.run([.integer(Int64(number))])
        }
    }

    /// One job; `nil` if there is none of that number.
    func job(_ number: Int) throws -> Job? {
        try jobs("number = ?", [.integer(Int64(number))], limit: 1).first
    }

    /// The jobs that wait, in their order.
    func waiting() throws -> [Job] { try jobs("state = 'queued'", [], limit: 10_000).reversed() }

    /// What of all jobs somebody wants to see.
    struct Filter {
        /// Only of this kind.
        var kind: Job.Kind?
        /// Only in this state.
        var state: Job.State?
        /// Only those before this number.
        var before: Int?
        /// Besides those about a cache, only those of this owner.
        var owner: String?
        /// How many at most.
        var limit = 100
    }

    /// The jobs that a filter takes, the newest first.
    func jobs(_ filter: Filter) throws -> [Job] {
        var conditions = ["1"]
        var values: [SQLiteStatement.Value] = []
        if let kind = filter.kind {
            conditions.append("kind = ?")
            values.append(.text(kind.rawValue))
        }
        if let state = filter.state {
            conditions.append("state = ?")
            values.append(.text(state.rawValue))
        }
        if let before = filter.before {
            conditions.append("number < ?")
            values.append(.integer(Int64(before)))
        }
        if let owner = filter.owner {
            conditions.append("(owner = ? OR kind IN ('install', 'remove'))")
            values.append(.text(owner))
        }
        return try jobs(conditions.joined(separator: " AND "), values, limit: filter.limit, isBrief: true)
    }

    /// The numbers of jobs that are done and may have files, in ascending order.
    func numbersWithFiles() throws -> [Int] {
        try database.read { connection in
            try connection.column(
                "SELECT number FROM job WHERE state = 'done' AND kind IN ('optimization', 'bundle')"
            ).compactMap { $0.integer.map { Int($0) } }
        }
    }

    /// How many jobs there are in each state.
    func counts() throws -> [ExactName: Int] {
        try database.read { connection in
            var statement = try connection.statement("SELECT state, count(*) FROM job GROUP BY state")
            var counts: [ExactName: Int] = [:]
            while let row = try statement.next() {
                guard let state = row.first?.text, let count = row.last?.integer else { continue }
                counts[ExactName(state)] = Int(count)
            }
            return counts
        }
    }

    /// Forgets the oldest jobs that ended and have no files, but for so many of the newest ones.
    func trim(keeping count: Int) throws {
        try database.write { connection in
            var delete = try connection.statement(
                """
                DELETE FROM job WHERE number IN (
                    SELECT number FROM job
                    WHERE state IN ('failed', 'cancelled')
                        OR (state = 'done' AND kind IN ('install', 'remove'))
                    ORDER BY number DESC LIMIT -1 OFFSET ?)
                """)
            try delete.run([.integer(Int64(count))])
        }
    }

    /// - Parameter isBrief: whether what is long is left out: very many jobs would take memory without bound.
    private func jobs(
        _ condition: String, _ values: [SQLiteStatement.Value], limit: Int, isBrief: Bool = false
    ) throws -> [Job] {
        let column = { (name: String) in
            isBrief ? "CASE WHEN length(\(name)) > \(Job.briefLimit) THEN '{}' ELSE \(name) END" : name
        }
        return try database.read { connection in
            var statement = try connection.statement(
                """
                SELECT number, kind, owner, subject, \(column("request")), created, state, started, ended,
                    attempts, \(column("result")), error
                FROM job WHERE \(condition) ORDER BY number DESC LIMIT ?
                """)
            try statement.bind(values + [.integer(Int64(limit))])
            var found: [Job] = []
            while let row = try statement.next() {
                if let job = JobStore.job(row) { found.append(job) }
            }
            return found
        }
    }

    private static func job(_ row: [SQLiteStatement.Value]) -> Job? {
        guard row.count == 12, let number = row[0].integer,
            let kind = row[1].text.flatMap({ Job.Kind(rawValue: $0) }), let owner = row[2].text,
            let subject = row[3].text,
            let request = row[4].text.flatMap({ try? JSON.parse(Array($0.utf8)) }),
            let created = row[5].integer, let state = row[6].text.flatMap({ Job.State(rawValue: $0) })
        else { return nil }
        var job = Job(
            number: Int(number), kind: kind, owner: owner, subject: subject, request: request,
            created: created)
        job.state = state
        job.started = row[7].integer
        job.ended = row[8].integer
        job.attempts = Int(clamping: row[9].integer ?? 0)
        job.result = row[10].text.flatMap { try? JSON.parse(Array($0.utf8)) } ?? .null
        job.error = row[11].text
        return job
    }
}
