import Formats
import Storage

/// What clients told of their use of models, in an SQLite database of this machine. It has neither names nor addresses of clients,
/// and a bounded number of events: the oldest are forgotten first.
package final class AnalyticsStore: Sendable {
    private let database: SQLiteDatabase
    private static let layout: Int64 = 2
    /// How many events are kept.
    static let limit: Int64 = 1_000_000

    /// Opens the database in a directory, and makes it where there is none.
    package init(directory: String) throws {
        try Directory.make(directory)
        database = try SQLiteDatabase(path: Path.join(directory, "analytics.sqlite"), isReadOnly: false)
        // What is deleted is overwritten.
        try database.execute(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON")
        try database.write { connection in
            let found = try connection.column("PRAGMA user_version")
            if found == [.integer(0)] {
                try connection.execute(AnalyticsStore.schema)
            } else if found == [.integer(1)] {
                // Nobody knows whose models those events were of.
                try connection.execute(
                    "ALTER TABLE event ADD COLUMN owner TEXT; PRAGMA user_version = \(AnalyticsStore.layout)")
            } else if found != [.integer(AnalyticsStore.layout)] {
                throw SQLiteError(code: 26, "another version of Knapsack made the analytics")
            }
        }
    }

    /// The owner is empty of a model that was nobody's here when the event came, and null where it was not noted.
    private static let schema = """
        CREATE TABLE event (
            number INTEGER PRIMARY KEY AUTOINCREMENT, model TEXT NOT NULL, kind TEXT NOT NULL,
            time INTEGER NOT NULL, response INTEGER, prompt INTEGER, completion INTEGER, rating INTEGER,
            owner TEXT
        );
        CREATE INDEX model ON event (model, time);
        PRAGMA user_version = \(layout);
        """

    /// One event.
    struct Event {
        /// The model, as the client calls it.
        let model: String
        /// What happened.
        let kind: String
        /// How long it took, in microseconds.
        let response: Int?
        /// The tokens of the prompt.
        let prompt: Int?
        /// The tokens that were made.
        let completion: Int?
        /// From 1 to 5.
        let rating: Int?
        /// Whose the model is; empty for nobody's.
        var owner = ""
    }

    /// Adds events: all of them or none.
    /// - Parameter time: when they came, in seconds since 1970.
    func add(_ events: [Event], time: Int64) throws {
        try database.write { connection in
            var insert = try connection.statement(
                """
                INSERT INTO event (model, kind, time, response, prompt, completion, rating, owner)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """)
            let value = { (number: Int?) in number.map { SQLiteStatement.Value.integer(Int64($0)) } ?? .null }
            for event in events {
                try insert.run([
                    .text(event.model), .text(event.kind), .integer(time), value(event.response),
                    value(event.prompt), value(event.completion), value(event.rating), .text(event.owner),
                ])
            }
            var trim = try connection.statement(
                "DELETE FROM event WHERE number <= (SELECT max(number) FROM event) - ?")
            try trim.run([.integer(AnalyticsStore.limit)])
        }
    }

    /// Which events somebody means.
    struct Selection {
        /// Of this model; `nil` for all.
        var model: String?
        /// From this second on.
        var start = Int64.min
        /// Before this second.
        var end = Int64.max
        /// Of models that were these people's when the events came; `nil` for everybody's, also where that is not known.
        var owners: [String]?

        fileprivate var condition: String {
            (model == nil ? "" : "model = ? AND ") + "time >= ? AND time < ?"
                + (owners.map { " AND owner IN (\($0.map { _ in "?" }.joined(separator: ", ")))" } ?? "")
        }

        fileprivate var values: [SQLiteStatement.Value] {
            (model.map { [.text($0)] } ?? []) + [.integer(start), .integer(end)]
                + (owners ?? []).map { .text($0) }
        }
    }

    /// Forgets events.
    /// - Returns: how many.
    func remove(_ selection: Selection) throws -> Int {
        let count = try database.write { connection in
            var delete = try connection.statement("DELETE FROM event WHERE \(selection.condition)")
            try delete.run(selection.values)
            return Int(try connection.column("SELECT changes()").first?.integer ?? 0)
        }
        // Nor does the log beside the database keep them.
        try database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return count
    }

    /// What the events come to: counts by kind, times, tokens and ratings.
    func summary(_ selection: Selection) throws -> JSON {
        try database.read { connection in
            var kinds: [JSON.Member] = []
            var statement = try connection.statement(
                "SELECT kind, count(*) FROM event WHERE \(selection.condition) GROUP BY kind ORDER BY kind")
            try statement.bind(selection.values)
            while let row = try statement.next() {
                guard let kind = row.first?.text, let count = row.last?.integer else { continue }
                kinds.append(JSON.Member(kind, .integer(Int(count))))
            }
            var ratings: [JSON.Member] = []
            var (count, sum) = (0, 0)
            statement = try connection.statement(
                """
                SELECT rating, count(*) FROM event WHERE \(selection.condition) AND rating IS NOT NULL
                GROUP BY rating ORDER BY rating
                """)
            try statement.bind(selection.values)
            while let row = try statement.next() {
                guard let rating = row.first?.integer, let number = row.last?.integer else { continue }
                ratings.append(JSON.Member(String(rating), .integer(Int(number))))
                count += Int(number)
                sum += Int(number) * Int(rating)
            }
            return [
                "events": .object(kinds), "response_ms": try AnalyticsStore.times(selection, &connection),
                "tokens": [
                    "prompt": try AnalyticsStore.sum("prompt", selection, &connection),
                    "completion": try AnalyticsStore.sum("completion", selection, &connection),
                ],
                "ratings": [
                    "count": .integer(count),
                    "mean": count > 0 ? .number(Double(sum) / Double(count)) : .null,
                    "counts": .object(ratings),
                ],
            ]
        }
    }

    private static func sum(
        _ column: String, _ selection: Selection, _ connection: inout SQLiteConnection
    ) throws -> JSON {
        // In floating point sums of integers have no bound that would be an error.
        var statement = try connection.statement(
            "SELECT CAST(min(total(\(column)), 9e18) AS INTEGER) FROM event WHERE \(selection.condition)")
        try statement.bind(selection.values)
        return .integer(Int(try statement.next()?.first?.integer ?? 0))
    }

    /// The number of times, and their percentiles by the nearest rank.
    private static func times(
        _ selection: Selection, _ connection: inout SQLiteConnection
    ) throws -> JSON {
        let condition = selection.condition + " AND response IS NOT NULL"
        var statement = try connection.statement("SELECT count(*) FROM event WHERE \(condition)")
        try statement.bind(selection.values)
        let count = try statement.next()?.first?.integer ?? 0
        statement = try connection.statement(
            "SELECT response FROM event WHERE \(condition) ORDER BY response LIMIT 1 OFFSET ?")
        var members = [JSON.Member("count", .integer(Int(count)))]
        for (name, percent) in [("p50", Int64(50)), ("p95", 95), ("max", 100)] {
            try statement.bind(selection.values + [.integer(max(0, (count * percent + 99) / 100 - 1))])
            let value = try statement.next()?.first?.integer
            members.append(JSON.Member(name, value.map { .number(Double($0) / 1000) } ?? .null))
        }
        return .object(members)
    }
}
