import Formats
import Manifests
import Storage

/// Repositories as they are written beside the contents: `repositories/N/repository.json` with its branches and tags, and
/// `repositories/N/M.json` for each commit, by their numbers in the database. From them a database that was damaged is made anew.
enum RepositoryRecord {
    /// The most bytes of a record that is read.
    private static let sizeLimit = 1 << 30

    /// Where the records of a repository are.
    static func folder(_ repository: Int64, in directory: String) -> String {
        Path.join(directory, "repositories/\(repository)")
    }

    private static func write(_ record: JSON, to path: String) throws(FileError) {
        let folder = Path.parent(path)
        if try FileStatus.existing(folder) == nil {
            try Directory.make(folder)
            try AtomicFile.synchronizeDirectory(of: folder)
        }
        try AtomicFile.write(Array(record.compactText.utf8), to: path)
    }

    /// Writes a row of `repository_commit`, and those of `repository_change` that belong to it.
    static func write(
        _ commit: RepositoryCommit, of repository: Int64, isWhole: Bool, debt: Int64,
        changes: [(path: RelativePath, file: RepositoryFile?)], in directory: String
    ) throws(FileError) {
        let rows = changes.map { path, file -> JSON in
            guard let file else { return [.string(path.text)] }
            return [
                .string(path.text), .string(file.sha256.hex), .integer(file.size), .string(file.git.hex),
                .bool(file.isLarge),
            ]
        }
        var members: [JSON.Member] = [
            JSON.Member("name", .string(commit.name)), JSON.Member("title", .string(commit.title)),
            JSON.Member("message", .string(commit.message)), JSON.Member("author", .string(commit.author)),
            JSON.Member("time", .integer(Int(commit.time))), JSON.Member("is_whole", .bool(isWhole)),
            JSON.Member("debt", .integer(Int(debt))), JSON.Member("changes", .array(rows)),
        ]
        if let parent = commit.parent { members.append(JSON.Member("parent", .string(parent))) }
        try write(.object(members), to: Path.join(folder(repository, in: directory), "\(commit.number).json"))
    }

    /// Writes a row of `repository`, and the branches and tags.
    static func write(
        _ repository: Int64, in directory: String, _ connection: inout SQLiteConnection
    ) throws {
        var find = try connection.statement(
            "SELECT kind, id, is_private, created FROM repository WHERE number = ?")
        try find.bind([.integer(repository)])
        guard let row = try find.next(), row.count == 4, let kind = row[0].text, let id = row[1].text,
            let isPrivate = row[2].integer, let created = row[3].integer
        else { throw SQLiteError(code: 11, "the record of a repository is missing") }
        var statement = try connection.statement(
            "SELECT name, commit_name, is_tag FROM repository_ref WHERE repository = ? ORDER BY name")
        try statement.bind([.integer(repository)])
        var refs: [JSON] = []
        while let row = try statement.next() {
            guard row.count == 3, let name = row[0].text, let commit = row[1].text, let isTag = row[2].integer
            else { continue }
            refs.append([.string(name), .string(commit), .bool(isTag != 0)])
        }
        try write(
            [
                "kind": .string(kind), "id": .string(id), "is_private": .bool(isPrivate != 0),
                "created": .integer(Int(created)), "refs": .array(refs),
            ], to: Path.join(folder(repository, in: directory), "repository.json"))
    }

    /// Brings the tables and the records together when a catalogue is opened.
    /// - Parameter wasDamaged: whether the tables are empty, because the database was damaged: everything comes from the records.
    ///   Else records of repositories that are no more are removed.
    static func settle(
        in directory: String, wasDamaged: Bool, _ connection: inout SQLiteConnection
    ) throws {
        let top = Path.join(directory, "repositories")
        let known = Set(try connection.column("SELECT number FROM repository").compactMap(\.integer))
        let numbers = ((try? Directory.names(in: top)) ?? []).compactMap { plainNumber($0) }
        for number in numbers.sorted() where !known.contains(number) {
            if wasDamaged {
                try restore(number, in: directory, &connection)
            } else {
                try Directory.removeTree(folder(number, in: directory))
            }
        }
    }

    private static func plainNumber(_ text: String) -> Int64? {
        Int64(text).flatMap { $0 > 0 && String($0).hasSameBytes(as: text) ? $0 : nil }
    }

    private static func read(_ path: String) -> JSON? {
        (try? FileReader.contents(of: path, limit: sizeLimit)).flatMap { try? JSON.parse($0) }
    }

    /// Puts a repository into the tables, with the branches and tags whose commits are whole.
    private static func restore(
        _ number: Int64, in directory: String, _ connection: inout SQLiteConnection
    ) throws {
        let folder = folder(number, in: directory)
        guard let record = read(Path.join(folder, "repository.json")), let id = record["id"]?.string,
            let kind = record["kind"]?.string.flatMap({ HubRepository.Kind(rawValue: $0) }),
            HubRepository.problem(inID: id) == nil
        else { return }
        var insert = try connection.statement(
            """
            INSERT OR IGNORE INTO repository (number, kind, id, low, is_private, created)
            VALUES (?, ?, ?, ?, ?, ?)
            """)
        try insert.run([
            .integer(number), .text(kind.rawValue), .text(id), .text(RepositoryStore.low(id)),
            .integer(record["is_private"]?.bool == true ? 1 : 0),
            .integer(Int64(record["created"]?.integer ?? 0)),
        ])
        guard try connection.column("SELECT changes()") == [.integer(1)] else { return }
        for name in try Directory.names(in: folder) where name.utf8.ends(with: ".json") {
            let text = String(decoding: name.utf8.dropLast(5), as: UTF8.self)
            guard let commit = plainNumber(text), let json = read(Path.join(folder, name)) else { continue }
            try restore(commit, json, of: number, &connection)
        }
        var ref = try connection.statement("INSERT OR IGNORE INTO repository_ref VALUES (?, ?, ?, ?)")
        for item in record["refs"]?.array ?? [] {
            guard let parts = item.array, parts.count == 3, let name = parts[0].string,
                let commit = parts[1].string, let isTag = parts[2].bool
            else { continue }
            try ref.run([.integer(number), .text(name), .text(commit), .integer(isTag ? 1 : 0)])
        }
    }

    private static func restore(
        _ number: Int64, _ json: JSON, of repository: Int64, _ connection: inout SQLiteConnection
    ) throws {
        guard let name = json["name"]?.string, let changes = json["changes"]?.array else { return }
        var insert = try connection.statement(
            """
            INSERT OR IGNORE INTO repository_commit
            (number, repository, name, parent, title, message, author, time, is_whole, debt)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """)
        try insert.run([
            .integer(number), .integer(repository), .text(name),
            json["parent"]?.string.map(SQLiteStatement.Value.text) ?? .null,
            .text(json["title"]?.string ?? ""), .text(json["message"]?.string ?? ""),
            .text(json["author"]?.string ?? ""), .integer(Int64(json["time"]?.integer ?? 0)),
            .integer(json["is_whole"]?.bool == true ? 1 : 0), .integer(Int64(json["debt"]?.integer ?? 0)),
        ])
        var row = try connection.statement(
            "INSERT OR IGNORE INTO repository_change VALUES (?, ?, ?, ?, ?, ?)")
        for change in changes {
            guard let parts = change.array, let path = parts.first?.string else { continue }
            if parts.count == 5, let sha256 = parts[1].string, let size = parts[2].integer,
                let git = parts[3].string, let isLarge = parts[4].bool
            {
                try row.run([
                    .integer(number), .text(path), .text(sha256), .integer(Int64(size)), .text(git),
                    .integer(isLarge ? 1 : 0),
                ])
            } else {
                try row.run([.integer(number), .text(path), .null, .null, .null, .null])
            }
        }
    }
}
