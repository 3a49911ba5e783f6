import Formats
import Manifests
import Storage

extension RepositoryStore {
    // MARK: Looking

    /// The commit that a branch, a tag or a whole commit name means.
    /// - Returns: `nil` if the repository has none of that name.
    package func commit(_ repository: StoredRepository, _ name: String) throws(Problem) -> RepositoryCommit? {
        try look { connection in try RepositoryStore.commit(repository.number, name, &connection) }
    }

    private static func commit(
        _ repository: Int64, _ name: String, _ connection: inout SQLiteConnection
    ) throws -> RepositoryCommit? {
        let short = ["refs/heads/", "refs/tags/"].first { name.hasUTF8Prefix($0) }
        let plain = short.flatMap { String(name.utf8.dropFirst($0.utf8.count)) } ?? name
        var ref = try connection.statement(
            "SELECT commit_name FROM repository_ref WHERE repository = ? AND name = ?")
        try ref.bind([.integer(repository), .text(plain)])
        return try named(repository, try ref.next()?.first?.text ?? name, &connection)
    }

    private static func named(
        _ repository: Int64, _ name: String, _ connection: inout SQLiteConnection
    ) throws -> RepositoryCommit? {
        var statement = try connection.statement(
            """
            SELECT number, name, parent, title, message, author, time FROM repository_commit
            WHERE repository = ? AND name = ?
            """)
        try statement.bind([.integer(repository), .text(name)])
        guard let row = try statement.next() else { return nil }
        guard row.count == 7, let number = row[0].integer, let name = row[1].text, let title = row[3].text,
            let message = row[4].text, let author = row[5].text, let time = row[6].integer
        else { throw SQLiteError(code: 11, "the record of a commit is damaged") }
        return RepositoryCommit(
            number: number, name: name, parent: row[2].text, title: title, message: message, author: author,
            time: time)
    }

    /// Branches and tags, sorted by their bytes.
    package func refs(_ repository: StoredRepository) throws(Problem) -> [RepositoryRef] {
        try look { connection in
            var statement = try connection.statement(
                "SELECT name, commit_name, is_tag FROM repository_ref WHERE repository = ? ORDER BY name")
            try statement.bind([.integer(repository.number)])
            var refs: [RepositoryRef] = []
            while let row = try statement.next() {
                guard row.count == 3, let name = row[0].text, let commit = row[1].text,
                    let isTag = row[2].integer
                else { continue }
                refs.append(RepositoryRef(name: name, commit: commit, isTag: isTag != 0))
            }
            return refs
        }
    }

    /// A commit and those before it, the newest first.
    /// - Parameter limit: how many at most.
    /// - Returns: those behind the first `skip`, and how many there are in all.
    package func history(
        _ repository: StoredRepository, from commit: RepositoryCommit, skip: Int, limit: Int
    ) throws(Problem) -> (commits: [RepositoryCommit], count: Int) {
        let found = try look { connection in
            var commits: [RepositoryCommit] = []
            var count = 0
            var next: RepositoryCommit? = commit
            while let one = next {
                if count >= skip, commits.count < limit { commits.append(one) }
                count += 1
                next =
                    if let parent = one.parent {
                        try RepositoryStore.named(repository.number, parent, &connection)
                    } else { nil }
            }
            return History(commits: commits, count: count)
        }
        return (found.commits, found.count)
    }

    private struct History: Sendable {
        let commits: [RepositoryCommit]
        let count: Int
    }

    /// All files of a commit, sorted by the bytes of their paths.
    package func files(_ commit: RepositoryCommit) throws(Problem) -> [RepositoryFile] {
        try look { connection in try RepositoryStore.files(commit.number, &connection) }
    }

    private static func files(
        _ number: Int64, _ connection: inout SQLiteConnection
    ) throws -> [RepositoryFile] {
        var chain: [Int64] = []
        var next: Int64? = number
        var link = try connection.statement(
            """
            SELECT one.is_whole, before.number FROM repository_commit AS one
            LEFT JOIN repository_commit AS before
            ON before.repository = one.repository AND before.name = one.parent WHERE one.number = ?
            """)
        while let current = next {
            chain.append(current)
            try link.bind([.integer(current)])
            guard let row = try link.next(), row.count == 2 else {
                throw SQLiteError(code: 11, "the record of a commit is missing")
            }
            next = row[0].integer == 1 ? nil : row[1].integer
        }
        var files: [RelativePath: RepositoryFile] = [:]
        var rows = try connection.statement(
            "SELECT path, sha256, size, git, is_large FROM repository_change WHERE commit_number = ?")
        for current in chain.reversed() {
            try rows.bind([.integer(current)])
            while let row = try rows.next() {
                guard row.count == 5, let path = row[0].text.flatMap({ RelativePath($0) }) else {
                    throw SQLiteError(code: 11, "the record of a file is damaged")
                }
                guard row[1] != .null else {
                    files[path] = nil
                    continue
                }
                guard let digest = row[1].text.flatMap({ SHA256Digest(hex: $0) }), let size = row[2].integer,
                    size >= 0, let git = row[3].text.flatMap({ GitBlobDigest(hex: $0) }),
                    let isLarge = row[4].integer
                else { throw SQLiteError(code: 11, "the record of a file is damaged") }
                files[path] = RepositoryFile(
                    path: path, sha256: digest, size: Int(size), git: git, isLarge: isLarge != 0)
            }
        }
        return files.values.sorted { $0.path < $1.path }
    }

    // MARK: Changing

    /// Moves a branch on by one commit. All contents have to be in the store.
    ///
    /// - Parameters:
    ///   - parent: the commit that the branch has to be at, as whoever asks for the change knows it; `nil` takes any.
    ///   - changes: in their order.
    ///   - kept: contents that were kept for it.
    /// - Returns: the new commit; the one that is there where nothing changes.
    package func commit(
        _ repository: StoredRepository, branch: String, parent: String?, _ changes: [RepositoryChange],
        _ kept: [KeptContent], _ text: CommitText
    ) throws(Problem) -> RepositoryCommit {
        let now = currentTime() / 1_000_000_000
        return try change { connection in
            var ref = try connection.statement(
                "SELECT commit_name, is_tag FROM repository_ref WHERE repository = ? AND name = ?")
            try ref.bind([.integer(repository.number), .text(branch)])
            guard let row = try ref.next(), row.count == 2, let name = row[0].text, row[1].integer == 0,
                let head = try RepositoryStore.named(repository.number, name, &connection)
            else { throw Problem.missing }
            if let parent, !parent.hasSameBytes(as: head.name) { throw Problem.moved(to: head.name) }
            let before = try RepositoryStore.files(head.number, &connection)
            let after = try RepositoryStore.apply(changes, to: before)
            guard after != before else { return head }
            // What was there is compared by its bytes, so that a path that stayed the same is not kept twice.
            let commit = try record(
                after, over: (head, before), of: repository.number, text, now, &connection)
            var move = try connection.statement(
                "UPDATE repository_ref SET commit_name = ? WHERE repository = ? AND name = ?")
            try move.run([.text(commit.name), .integer(repository.number), .text(branch)])
            try remember(kept, &connection)
            try writeRecord(repository.number, &connection)
            return commit
        }
    }

    private static func apply(
        _ changes: [RepositoryChange], to files: [RepositoryFile]
    ) throws -> [RepositoryFile] {
        var byPath = Dictionary(files.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
        for change in changes {
            switch change {
            case .file(let file): byPath[file.path] = file
            case .removal(let path):
                guard byPath.removeValue(forKey: path) != nil else { throw Problem.absent(path.text) }
            case .folderRemoval(let folder):
                let inside = byPath.keys.filter { $0.isInside(folder) }
                guard !inside.isEmpty else { throw Problem.absent(folder.text) }
                for path in inside { byPath[path] = nil }
            }
        }
        guard byPath.count <= fileLimit else { throw Problem.tooMany(fileLimit) }
        var folders: Set<RelativePath> = []
        for path in byPath.keys {
            for folder in path.ancestors where !folders.insert(folder).inserted { break }
        }
        if let file = byPath.keys.filter({ folders.contains($0) }).min() {
            throw Problem.collision(file.text)
        }
        return byPath.values.sorted { $0.path < $1.path }
    }

    /// Writes a commit of these files.
    /// - Parameter base: the commit before it, and its files; `nil` for the first one.
    func record(
        _ files: [RepositoryFile], over base: (commit: RepositoryCommit, files: [RepositoryFile])?,
        of repository: Int64,
        _ text: CommitText, _ now: Int64, _ connection: inout SQLiteConnection
    ) throws -> RepositoryCommit {
        let full = text.message.isEmpty ? text.title : "\(text.title)\n\n\(text.message)"
        let name = try GitTree.commitName(
            tree: try GitTree.name(files), parent: base?.commit.name, author: text.author, time: now,
            message: full)
        // The same change of the same commit in the same second, on another branch.
        if let known = try RepositoryStore.named(repository, name, &connection) { return known }
        let old = Dictionary(
            (base?.files ?? []).map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
        let changed = files.filter { old[$0.path] != $0 }
        let present = Set(files.map(\.path))
        let removed = old.keys.filter { !present.contains($0) }
        var debt = Int64(changed.count + removed.count + 1)
        if let base {
            var owed = try connection.statement("SELECT debt FROM repository_commit WHERE number = ?")
            try owed.bind([.integer(base.commit.number)])
            debt += try owed.next()?.first?.integer ?? 0
        }
        // Reading a commit takes no more steps than twice its files, and all commits no more room than twice their changes.
        let isWhole = base == nil || debt > Int64(files.count + 16)
        var insert = try connection.statement(
            """
            INSERT INTO repository_commit
            (repository, name, parent, title, message, author, time, is_whole, debt)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """)
        try insert.run([
            .integer(repository), .text(name), base.map { .text($0.commit.name) } ?? .null,
            .text(text.title), .text(text.message), .text(text.author), .integer(now),
            .integer(isWhole ? 1 : 0), .integer(isWhole ? 0 : debt),
        ])
        guard let commit = try RepositoryStore.named(repository, name, &connection) else {
            throw SQLiteError(code: 11, "the record of a commit is missing")
        }
        var row = try connection.statement("INSERT INTO repository_change VALUES (?, ?, ?, ?, ?, ?)")
        var changes = (isWhole ? files : changed).map { (path: $0.path, file: Optional($0)) }
        if !isWhole { changes += removed.map { (path: $0, file: nil) } }
        for (path, file) in changes {
            guard let file else {
                try row.run([.integer(commit.number), .text(path.text), .null, .null, .null, .null])
                continue
            }
            try row.run([
                .integer(commit.number), .text(path.text), .text(file.sha256.hex),
                .integer(Int64(file.size)), .text(file.git.hex), .integer(file.isLarge ? 1 : 0),
            ])
        }
        try RepositoryRecord.write(
            commit, of: repository, isWhole: isWhole, debt: isWhole ? 0 : debt, changes: changes,
            in: directory)
        return commit
    }

    /// Makes a branch or a tag.
    /// - Parameter start: the branch, tag or commit that it is made at.
    package func addRef(
        _ repository: StoredRepository, _ name: String, at start: String, isTag: Bool
    ) throws(Problem) {
        try change { connection in
            guard let commit = try RepositoryStore.commit(repository.number, start, &connection) else {
                throw Problem.missing
            }
            var known = try connection.statement(
                "SELECT 1 FROM repository_ref WHERE repository = ? AND name = ?")
            try known.bind([.integer(repository.number), .text(name)])
            guard try known.next() == nil else { throw Problem.exists }
            var insert = try connection.statement("INSERT INTO repository_ref VALUES (?, ?, ?, ?)")
            try insert.run([
                .integer(repository.number), .text(name), .text(commit.name), .integer(isTag ? 1 : 0),
            ])
            try writeRecord(repository.number, &connection)
        }
    }

    /// Removes a branch or a tag. Commits stay: whoever knows their names has them.
    package func removeRef(_ repository: StoredRepository, _ name: String, isTag: Bool) throws(Problem) {
        try change { connection in
            var delete = try connection.statement(
                "DELETE FROM repository_ref WHERE repository = ? AND name = ? AND is_tag = ?")
            try delete.run([.integer(repository.number), .text(name), .integer(isTag ? 1 : 0)])
            guard try connection.column("SELECT changes()").first?.integer == 1 else {
                throw Problem.missing
            }
            try writeRecord(repository.number, &connection)
        }
    }
}
