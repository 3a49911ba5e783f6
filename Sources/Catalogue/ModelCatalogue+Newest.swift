import Storage

extension ModelCatalogue {
    /// The versions of a model that lists show.
    package struct Newest: Sendable {
        /// The newest version, which its owner sees.
        package let version: FoundVersion
        /// The newest one that others see; `nil` where there is none, or it is the newest of all.
        package let open: FoundVersion?
    }

    /// How many models are read at once: no more of them are in memory.
    private static let batch = 64

    /// Hands on the newest version of every model of every user, with its files, in the order in which they came: also of those
    /// that their owner alone may see.
    ///
    /// Models that come while it looks may be missing. No more than some are in memory at once.
    /// - Parameter take: receives some models, and how many there are in all; states whether to go on.
    package func newest(_ take: ([Newest], _ count: Int) -> Bool) throws(Problem) {
        let numbers = try newestNumbers()
        var rest = numbers[...]
        while !rest.isEmpty {
            let part = rest.prefix(ModelCatalogue.batch)
            rest = rest.dropFirst(ModelCatalogue.batch)
            let found = try look { connection in
                var found: [Newest] = []
                for (newest, open) in part {
                    guard let version = try ModelCatalogue.version(newest, &connection) else { continue }
                    let isOpen = open == nil || open == newest
                    found.append(
                        Newest(
                            version: version,
                            open: isOpen ? nil : try ModelCatalogue.version(open ?? 0, &connection)))
                }
                return found
            }
            guard take(found, numbers.count) else { return }
        }
    }

    private func newestNumbers() throws(Problem) -> [(newest: Int64, open: Int64?)] {
        try look { connection in
            var statement = try connection.statement(
                """
                SELECT max(number) AS newest, max(CASE WHEN is_public = 1 THEN number END) FROM version
                WHERE is_active = 1 GROUP BY user, model ORDER BY newest
                """)
            var numbers: [(newest: Int64, open: Int64?)] = []
            while let row = try statement.next() {
                if row.count == 2, let newest = row[0].integer { numbers.append((newest, row[1].integer)) }
            }
            return numbers
        }
    }

    /// A version by its number; `nil` where it was deleted.
    private static func version(
        _ number: Int64, _ connection: inout SQLiteConnection
    ) throws -> FoundVersion? {
        var statement = try connection.statement(
            """
            SELECT user, model, version, edition, text FROM version JOIN document USING (number)
            WHERE number = ? AND is_active = 1
            """)
        try statement.bind([.integer(number)])
        guard let row = try statement.next(), row.count == 5, let user = row[0].text,
            let model = row[1].text, let version = row[2].text, let edition = row[3].integer,
            let text = row[4].text
        else { return nil }
        return FoundVersion(
            number: number, edition: edition, user: user, model: model, version: version, text: text,
            files: try files(of: number, &connection))
    }
}
