package import Storage

extension RepositoryStore {
    /// How long content stays that came and that no commit has named, in nanoseconds: clients go on with an upload that broke
    /// off, and do not send again what came.
    static let uploadLife: Int64 = 7 * 86_400 * 1_000_000_000

    /// Remembers that somebody sent content, which is in the store.
    package func remember(_ kept: KeptContent, of user: String) throws(Problem) {
        let now = currentTime()
        try change { connection in
            var insert = try connection.statement("INSERT OR REPLACE INTO repository_upload VALUES (?, ?, ?)")
            try insert.run([.text(user), .text(kept.content.sha256.hex), .integer(now)])
            try remember([kept], &connection)
        }
    }

    /// Which contents somebody may put into a commit without sending them: those that he sent before, and those that he can
    /// download. Whoever knows only the hash of what others keep to themselves would get it otherwise.
    ///
    /// - Parameter user: `nil` for one who sees everything.
    /// - Returns: the sizes of those that are in the store.
    package func available(
        _ digests: [SHA256Digest], to user: String?
    ) throws(Problem) -> [SHA256Digest: Int] {
        let allowed = try look { connection in
            guard let user else { return digests }
            var statement = try connection.statement(
                """
                SELECT 1 WHERE EXISTS (SELECT 1 FROM repository_upload WHERE user = ?1 AND sha256 = ?2)
                OR EXISTS (SELECT 1 FROM file JOIN version ON version.number = file.number
                    WHERE file.sha256 = ?2 AND version.is_active = 1
                        AND (version.is_public = 1 OR version.user = ?1))
                OR EXISTS (SELECT 1 FROM repository_change AS change
                    JOIN repository_commit AS one ON one.number = change.commit_number
                    JOIN repository AS home ON home.number = one.repository
                    WHERE change.sha256 = ?2 AND (home.is_private = 0
                        OR substr(home.id, 1, length(?1) + 1) = ?1 || '/'))
                """)
            var found: [SHA256Digest] = []
            for digest in digests {
                try statement.bind([.text(user), .text(digest.hex)])
                if try statement.next() != nil { found.append(digest) }
            }
            return found
        }
        var sizes: [SHA256Digest: Int] = [:]
        for digest in allowed {
            if let status = try? FileStatus.existing(contents.path(of: digest)) {
                sizes[digest] = status.size
            }
        }
        return sizes
    }
}
