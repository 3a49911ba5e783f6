import Storage

extension ModelCatalogue {
    /// The models of which there are versions, sorted by the bytes of both names.
    /// - Returns: also whether others than their owners see a version of it.
    package func models() throws(Problem) -> [(user: String, model: String, isPublic: Bool)] {
        try look { connection in
            var statement = try connection.statement(
                """
                SELECT user, model, MAX(is_public) FROM version WHERE is_active = 1
                GROUP BY user, model ORDER BY user, model
                """)
            var found: [(user: String, model: String, isPublic: Bool)] = []
            while let row = try statement.next() {
                guard row.count == 3, let user = row[0].text, let model = row[1].text else { continue }
                found.append((user, model, row[2] == .integer(1)))
            }
            return found
        }
    }

    /// The versions of a model in the order in which they came; none where there is no such model.
    /// - Parameter isPublicOnly: whether they have to be public: others than their owner see no others.
    package func versions(
        user: String, model: String, isPublicOnly: Bool
    ) throws(Problem) -> [ModelVersion] {
        let names = try look { connection in
            var statement = try connection.statement(
                """
                SELECT version FROM version INDEXED BY newest WHERE user = ? AND model = ? AND is_active = 1
                ORDER BY number
                """)
            try statement.bind([.text(user), .text(model)])
            var names: [String] = []
            while let name = try statement.next()?.first?.text { names.append(name) }
            return names
        }
        var versions: [ModelVersion] = []
        for name in names {
            let version = try version(
                user: user, model: model, version: name, isPublicOnly: isPublicOnly)
            if let version { versions.append(version) }
        }
        return versions
    }
}
