import Storage

extension ModelCatalogue {
    /// The models of which there are versions, sorted by the bytes of both names.
    package func models() throws(Problem) -> [(user: String, model: String)] {
        let found = try look { connection in
            var statement = try connection.statement(
                "SELECT DISTINCT user, model FROM version WHERE is_active = 1 ORDER BY user, model")
            var found: [[String]] = []
            while let row = try statement.next() { found.append(row.compactMap(\.text)) }
            return found
        }
        return found.filter { $0.count == 2 }.map { ($0[0], $0[1]) }
    }

    /// The versions of a model in the order in which they came; none where there is no such model.
    package func versions(user: String, model: String) throws(Problem) -> [ModelVersion] {
        let names = try look { connection in
            var statement = try connection.statement(
                "SELECT version FROM version WHERE user = ? AND model = ? AND is_active = 1 ORDER BY number")
            try statement.bind([.text(user), .text(model)])
            var names: [String] = []
            while let name = try statement.next()?.first?.text { names.append(name) }
            return names
        }
        var versions: [ModelVersion] = []
        for name in names {
            if let version = try version(user: user, model: model, version: name) { versions.append(version) }
        }
        return versions
    }
}
