import Formats
import Synchronization

/// Digests that were computed before, remembered by what the kernel states of the file.
///
/// A digest is found again only while device, inode, size, modification time and change time are all the
/// same to the nanosecond; nobody can set a change time back. The index is a cache: one that is corrupt or
/// was written by a newer Knapsack is thrown away, and one that cannot be opened at all is done without.
package final class DigestIndex: Sendable {
    /// The layout of the table, kept in SQLite's `user_version`.
    package static let version: Int64 = 5

    private let database: SQLiteDatabase
    private let isReadOnly: Bool
    private let pending = Mutex<[Row]>([])

    private struct Row: Sendable {
        let path: String
        let status: FileStatus
        let digests: ContentDigests
        let extents: [ExtentDigest]?
    }

    /// What is remembered of a file.
    package struct Known: Equatable, Sendable {
        /// The digests of the whole content.
        package let digests: ContentDigests
        /// The digests of its tensors; `nil` where they were not asked for when it was hashed.
        package let extents: [ExtentDigest]?
    }

    private init(database: SQLiteDatabase, isReadOnly: Bool = false) {
        self.database = database
        self.isReadOnly = isReadOnly
    }

    /// Opens the index in a directory, making both where they are missing.
    ///
    /// - Returns: `nil` where the directory cannot be written: hashing again is then the only way.
    package static func open(inDirectory directory: String) -> DigestIndex? {
        let path = Path.join(directory, fileName)
        do {
            try Directory.make(directory)
        } catch {
            return nil
        }
        do {
            return try DigestIndex(path: path)
        } catch let error as SQLiteError where error.isDamage {
            for name in fileNames { try? Directory.removeFile(Path.join(directory, name)) }
            return try? DigestIndex(path: path)
        } catch {
            // A full disk, or another process that is busy with it: it may be right all the same.
            return nil
        }
    }

    /// Opens the index that a directory has; one that cannot be read is an error and stays as it is.
    package static func existing(inDirectory directory: String) throws -> DigestIndex {
        try DigestIndex(path: Path.join(directory, fileName))
    }

    /// Opens the index that a directory has to look digests up: nothing is made, changed or remembered.
    ///
    /// - Returns: `nil` if there is none that can be read.
    package static func reading(inDirectory directory: String) -> DigestIndex? {
        let path = Path.join(directory, fileName)
        guard let database = try? SQLiteDatabase(path: path, isReadOnly: true) else { return nil }
        let isKnown = try? database.read { connection in
            try connection.column("PRAGMA user_version") == [.integer(DigestIndex.version)]
                && connection.column("PRAGMA quick_check(1)") == [.text("ok")]
        }
        return isKnown == true ? DigestIndex(database: database, isReadOnly: true) : nil
    }

    private convenience init(path: String) throws {
        let database = try SQLiteDatabase(path: path, isReadOnly: false)
        // The index can be lost at any time, so it is not worth waiting for the disk.
        try database.execute("PRAGMA synchronous = OFF")
        try database.write { connection in
            let found = try connection.column("PRAGMA user_version")
            let tables = try connection.column("SELECT name FROM sqlite_master ORDER BY name")
            if found == [.integer(0)], tables.isEmpty {
                try connection.execute(DigestIndex.schema)
            } else if found != [.integer(DigestIndex.version)] || tables != [.text("digest")] {
                throw SQLiteError.notADatabase
            }
            guard try connection.column("PRAGMA quick_check(1)") == [.text("ok")] else {
                throw SQLiteError.corrupt
            }
        }
        self.init(database: database)
    }

    private static let schema = """
        CREATE TABLE digest (
            device INTEGER NOT NULL, inode INTEGER NOT NULL, size INTEGER NOT NULL,
            modified INTEGER NOT NULL, changed INTEGER NOT NULL,
            sha256 TEXT NOT NULL, git_blob TEXT, xet TEXT, extents TEXT, seal TEXT NOT NULL, path TEXT NOT NULL,
            PRIMARY KEY (device, inode)
        ) WITHOUT ROWID;
        PRAGMA user_version = \(version);
        """

    /// The digests of the file that has this status, or `nil` where they are not known.
    package func digests(for status: FileStatus) -> ContentDigests? {
        known(of: [status]).first.flatMap(\.self)?.digests
    }

    /// What is remembered of files, in their order, with `nil` for nothing; all in one transaction, which
    /// for many files is what counts.
    package func known(of files: [FileStatus]) -> [Known?] {
        let found = try? database.read { connection in
            var statement = try connection.statement(
                """
                SELECT sha256, git_blob, xet, seal, extents FROM digest WHERE device = ? AND inode = ?
                AND size = ? AND modified = ? AND changed = ?
                """)
            var result: [Known?] = []
            result.reserveCapacity(files.count)
            for status in files {
                try statement.bind(DigestIndex.key(status))
                result.append(try statement.next().flatMap { DigestIndex.known(in: $0, of: status) })
            }
            return result
        }
        // An index that cannot be read is as good as none.
        return found ?? files.map { _ in nil }
    }

    /// What a row states, or `nil` where it does not carry its seal.
    private static func known(in row: [SQLiteStatement.Value], of status: FileStatus) -> Known? {
        guard row.count == 5, let sha256 = row[0].text.flatMap({ SHA256Digest(hex: $0) }),
            let seal = row[3].text
        else { return nil }
        let gitText = row[1].text
        let extentText = row[4].text
        let digests = ContentDigests(
            sha256: sha256, gitBlob: gitText.flatMap { GitBlobDigest(hex: $0) },
            xet: row[2].text.flatMap { XetHash(text: $0) })
        guard seal == DigestIndex.seal(status, digests, extentText) else { return nil }
        return Known(digests: digests, extents: extentText.flatMap(extents))
    }

    /// "offset length digest", separated by spaces, for every range.
    private static func text(_ extents: [ExtentDigest]) -> String {
        extents.map { "\($0.bytes.lowerBound) \($0.bytes.count) \($0.sha256)" }.joined(separator: " ")
    }

    private static func extents(_ text: String) -> [ExtentDigest]? {
        let words = text.utf8.split(separator: UInt8(ascii: " ")).map(Substring.init)
        guard words.count % 3 == 0 else { return nil }
        return stride(from: 0, to: words.count, by: 3).compactMap { index in
            guard let offset = Int(words[index]), let length = Int(words[index + 1]), offset >= 0, length > 0,
                let digest = SHA256Digest(hex: words[index + 2])
            else { return nil }
            let (end, overflow) = offset.addingReportingOverflow(length)
            return overflow ? nil : ExtentDigest(bytes: offset..<end, sha256: digest)
        }
    }

    /// Remembers the digests of a file, unless it changed so short a time ago that a second change could
    /// have left no mark in its times.
    ///
    /// - Parameters:
    ///   - status: the file's status, the same before and after it was read.
    ///   - extents: the digests of its tensors, where they were computed.
    ///   - path: where it is, absolute; only to find out later whether it is still there.
    ///   - now: the time of the reading in nanoseconds since 1970.
    package func remember(
        _ digests: ContentDigests, extents: [ExtentDigest]? = nil, of status: FileStatus,
        at path: String, now: Int64
    ) {
        guard !isReadOnly else { return }
        // File systems that keep whole seconds show it by the nanoseconds; others tick every few ms.
        let keepsSeconds = status.changed % 1_000_000_000 == 0
        let grain: Int64 = keepsSeconds ? 2_000_000_000 : 50_000_000
        guard now &- status.changed > grain else { return }
        let count = pending.withLock { rows in
            rows.append(Row(path: path, status: status, digests: digests, extents: extents))
            return rows.count
        }
        // A large file is worth a transaction of its own: hashing it again would take far longer.
        if count >= 256 || status.size > 1 << 26 { save() }
    }

    /// Writes what was remembered to the disk; a failure only means that it is hashed again.
    package func save() {
        let rows = pending.withLock { rows in
            defer { rows = [] }
            return rows
        }
        guard !rows.isEmpty else { return }
        try? database.write { connection in
            var statement = try connection.statement(
                "INSERT OR REPLACE INTO digest VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
            for row in rows {
                let extents = row.extents.map(DigestIndex.text)
                let gitBlob = row.digests.gitBlob?.hex
                try statement.run(
                    DigestIndex.key(row.status) + [
                        .text(row.digests.sha256.hex), gitBlob.map { .text($0) } ?? .null,
                        (row.digests.xet?.text).map { .text($0) } ?? .null,
                        extents.map { .text($0) } ?? .null,
                        .text(DigestIndex.seal(row.status, row.digests, extents)), .text(row.path),
                    ])
            }
        }
    }

    /// Deletes the rows of files that are gone or were changed.
    /// - Returns: how many those were.
    package func prune() throws -> Int {
        let count = try database.write { connection in
            var gone: [[Int64]] = []
            var rows = try connection.statement(
                "SELECT path, device, inode, size, modified, changed FROM digest")
            while let row = try rows.next() {
                // A damaged database may hold anything.
                let key = row.dropFirst().map { $0.integer ?? 0 }
                if DigestIndex.isGone(row.first?.text ?? "", key) { gone.append(Array(key.prefix(2))) }
            }
            var statement = try connection.statement("DELETE FROM digest WHERE device = ? AND inode = ?")
            for key in gone { try statement.run(key.map { .integer($0) }) }
            return gone.count
        }
        try database.execute("VACUUM")
        return count
    }

    /// Whether a file is certainly not any more what a row was written for.
    private static func isGone(_ path: String, _ key: [Int64]) -> Bool {
        do {
            guard let status = try FileStatus.existing(path) else { return true }
            return key != [
                Int64(bitPattern: status.device), Int64(bitPattern: status.inode), Int64(status.size),
                status.modified, status.changed,
            ]
        } catch {
            return false
        }
    }

    private static func key(_ status: FileStatus) -> [SQLiteStatement.Value] {
        [
            .integer(Int64(bitPattern: status.device)), .integer(Int64(bitPattern: status.inode)),
            .integer(Int64(status.size)), .integer(status.modified), .integer(status.changed),
        ]
    }

    /// SQLite keeps no checksums, so a flipped bit in a row would be believed without one of our own.
    private static func seal(
        _ status: FileStatus, _ digests: ContentDigests, _ extents: String?
    ) -> String {
        let text = """
            \(status.device) \(status.inode) \(status.size) \(status.modified) \(status.changed) \
            \(digests.sha256) \(digests.gitBlob?.hex ?? "-") \(digests.xet?.text ?? "-") \(extents ?? "-")
            """
        let digest = try? ContentHasher.sha256(Array(text.utf8).span)
        return digest.map { String($0.hex.prefix(16)) } ?? ""
    }
}
