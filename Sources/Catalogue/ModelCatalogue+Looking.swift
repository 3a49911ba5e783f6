import Formats
import Storage

extension ModelCatalogue {
    /// A version; the newest one where none is named.
    /// - Parameters:
    ///   - isPublicOnly: whether it has to be public: others than its owner see no other.
    ///   - withFiles: whether its files are wanted, too.
    /// - Returns: `nil` if there is none.
    package func find(
        user: String, model: String, version: String?, isPublicOnly: Bool, withFiles: Bool
    ) throws(Problem) -> FoundVersion? {
        // No name has a blank in it. What its owner sees is not what others are shown.
        let name = "\(user) \(model) \(version ?? "") \(isPublicOnly) \(withFiles)"
        if let known = cache.version(name) { return known }
        let generation = cache.generation
        let found = try read(
            user: user, model: model, version: version, isPublicOnly: isPublicOnly, withFiles: withFiles)
        if let found { cache.keep(found, name, generation) }
        return found
    }

    /// Asks for one version. SQLite knows no numbers of rows, and would go through all that a user has to find the newest one, so
    /// that the index is named.
    static func query(isNewest: Bool, isPublicOnly: Bool) -> String {
        let (condition, _) = condition("", "", isNewest ? nil : "")
        return """
            SELECT number, edition, version, text FROM version INDEXED BY \(isNewest ? "newest" : "named")
            JOIN document USING (number)
            WHERE \(condition)\(isPublicOnly ? " AND is_public = 1" : "") ORDER BY number DESC LIMIT 1
            """
    }

    private func read(
        user: String, model: String, version: String?, isPublicOnly: Bool, withFiles: Bool
    ) throws(Problem) -> FoundVersion? {
        let (_, values) = ModelCatalogue.condition(user, model, version)
        return try look { connection in
            var statement = try connection.statement(
                ModelCatalogue.query(isNewest: version == nil, isPublicOnly: isPublicOnly))
            try statement.bind(values)
            guard let row = try statement.next(), row.count == 4, let number = row[0].integer,
                let edition = row[1].integer, let name = row[2].text, let text = row[3].text
            else { return nil }
            return FoundVersion(
                number: number, edition: edition, user: user, model: model, version: name, text: text,
                files: withFiles ? try ModelCatalogue.files(of: number, &connection) : [])
        }
    }

    /// A version with its files; the newest one where none is named.
    /// - Parameter isPublicOnly: whether it has to be public: others than its owner see no other.
    /// - Returns: `nil` if there is none.
    package func version(
        user: String, model: String, version: String?, isPublicOnly: Bool
    ) throws(Problem) -> ModelVersion? {
        let found = try find(
            user: user, model: model, version: version, isPublicOnly: isPublicOnly, withFiles: true)
        guard let found else { return nil }
        guard let document = try? JSON.parse(Array(found.text.utf8)) else {
            throw .database(SQLiteError(code: 11, "the document of a version is damaged"))
        }
        return ModelVersion(
            user: found.user, model: found.model, version: found.version, document: document,
            files: found.files.map(\.file))
    }

    /// The files of a version, sorted by the bytes of their paths.
    static func files(
        of number: Int64, _ connection: inout SQLiteConnection
    ) throws -> [FoundFile] {
        var rows = try connection.statement(
            """
            SELECT path, sha256, file.size, crc32, content.size, device, inode, modified, changed
            FROM file LEFT JOIN content USING (sha256) WHERE number = ? ORDER BY path
            """)
        try rows.bind([.integer(number)])
        var files: [FoundFile] = []
        while let row = try rows.next() {
            guard row.count == 9, let path = row[0].text.flatMap({ RelativePath($0) }),
                let digest = row[1].text.flatMap({ SHA256Digest(hex: $0) }), let size = row[2].integer,
                let checksum = row[3].integer.flatMap({ UInt32(exactly: $0) }), size >= 0
            else { throw SQLiteError(code: 11, "the record of a file is damaged") }
            let content = StoredContent(sha256: digest, size: Int(size), crc32: checksum)
            files.append(
                FoundFile(
                    file: StoredFile(path: path, content: content),
                    proved: ModelCatalogue.status(in: row[4...])))
        }
        return files
    }

    // MARK: Lists

    /// The numbers of the versions that a filter takes, in the order in which they came.
    package func numbers(_ filter: ModelFilter) throws(Problem) -> [Int64] {
        // What is searched has none.
        guard !(filter.words + filter.tags).contains(where: { $0.utf8.contains(0) }) else { return [] }
        var conditions = ["user = ?", "is_active = 1"]
        var values: [SQLiteStatement.Value] = [.text(filter.user)]
        func require(_ condition: String, _ value: String) {
            conditions.append(condition)
            values.append(.text(value))
        }
        if filter.isPublicOnly { conditions.append("is_public = 1") }
        let expression = filter.expression
        if let expression { require("search MATCH ?", expression) }
        if let framework = filter.framework { require("framework = ?", framework) }
        if let type = filter.type { require("type = ?", type) }
        for tag in filter.tags { require("instr(tags, ?) > 0", "\n\(tag)\n") }
        for word in filter.words {
            require("instr(version.words, ?) > 0", ModelFilter.folded(word))
        }
        // The index comes first, in the order of the numbers, so that no more is looked at than is wanted.
        let tables =
            expression == nil ? "version" : "search CROSS JOIN version ON version.number = search.rowid"
        let order = expression == nil ? "version.number" : "search.rowid"
        let sql =
            "SELECT version.number FROM \(tables) WHERE \(conditions.joined(separator: " AND ")) "
            + "ORDER BY \(order) LIMIT ? OFFSET ?"
        values += [.integer(Int64(filter.limit)), .integer(Int64(filter.skip))]
        return try look { connection in
            var statement = try connection.statement(sql)
            try statement.bind(values)
            var found: [Int64] = []
            while let number = try statement.next()?.first?.integer { found.append(number) }
            return found
        }
    }

    /// The documents of versions as JSON, without those that were deleted meanwhile: as many as are not more than so many
    /// bytes together, but at least one.
    /// - Parameter isPublicOnly: whether those are left out that were made private meanwhile.
    /// - Returns: also how many of the numbers were looked at.
    package func texts(
        of numbers: ArraySlice<Int64>, isPublicOnly: Bool, limit: Int
    ) throws(Problem) -> (texts: [String], count: Int) {
        try look { connection in
            var statement = try connection.statement(
                "SELECT text FROM document JOIN version USING (number) WHERE number = ? AND is_active = 1"
                    + (isPublicOnly ? " AND is_public = 1" : ""))
            var found: [String] = []
            var left = limit
            var count = 0
            for number in numbers {
                try statement.bind([.integer(number)])
                if let text = try statement.next()?.first?.text {
                    left -= text.utf8.count
                    guard left >= 0 || found.isEmpty else { break }
                    found.append(text)
                }
                count += 1
            }
            return (found, count)
        }
    }

    /// Whether content is named.
    func names(_ digest: SHA256Digest) throws(Problem) -> Bool {
        try names([digest]).contains(digest)
    }

    /// Which of some contents are named; by deleted versions, too, until they are swept.
    func names(_ digests: [SHA256Digest]) throws(Problem) -> Set<SHA256Digest> {
        try look { connection in
            var find = try connection.statement(CatalogueTables.namesContent)
            var named: Set<SHA256Digest> = []
            for digest in digests {
                try find.bind([.text(digest.hex)])
                if try find.next() != nil { named.insert(digest) }
            }
            return named
        }
    }
}
