import Storage

extension ModelCatalogue {
    /// The newest version of every model of every user, with its files, in the order in which they came: also of those that
    /// their owner alone may see.
    ///
    /// Models that come while it looks may be missing.
    package func newest() throws(Problem) -> [ModelVersion] {
        let names = try names()
        var found: [ModelVersion] = []
        for (user, model) in names {
            let version = try version(user: user, model: model, version: nil, isPublicOnly: false)
            if let version { found.append(version) }
        }
        return found
    }

    private func names() throws(Problem) -> [(user: String, model: String)] {
        try look { connection in
            var statement = try connection.statement(
                """
                SELECT user, model, max(number) AS newest FROM version WHERE is_active = 1
                GROUP BY user, model ORDER BY newest
                """)
            var names: [(user: String, model: String)] = []
            while let row = try statement.next() {
                if row.count == 3, let user = row[0].text, let model = row[1].text {
                    names.append((user, model))
                }
            }
            return names
        }
    }
}
