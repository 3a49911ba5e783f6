import Formats
package import Storage
import Synchronization

extension ModelCatalogue {
    /// Forgets deleted versions, and removes content that only they named.
    ///
    /// It may run while others upload, download and delete: what is held stays.
    /// - Parameter isStopping: asked between versions.
    package func sweepDeleted(_ isStopping: () -> Bool = { false }) throws(Problem) {
        while hasDeleted.exchange(false, ordering: .acquiringAndReleasing) {
            let numbers = try look { connection in
                try connection.column("SELECT number FROM version WHERE is_active = 0 ORDER BY number")
                    .compactMap(\.integer)
            }
            for number in numbers {
                guard !isStopping() else { return hasDeleted.store(true, ordering: .releasing) }
                try forget(number)
            }
        }
    }

    private func forget(_ number: Int64) throws(Problem) {
        do throws(FileError) {
            let record = CatalogueRecord.path(number, in: directory)
            try Directory.removeFile(record)
            // A record without a row would be added at the next start.
            if FileStatus.isDirectory(Path.parent(record)) {
                try AtomicFile.synchronizeDirectory(of: record)
            }
        } catch {
            throw .file(error)
        }
        let digests = try change { connection in
            var find = try connection.statement("SELECT sha256 FROM file WHERE number = ?")
            try find.bind([.integer(number)])
            var digests: Set<SHA256Digest> = []
            while let text = try find.next()?.first?.text {
                if let digest = SHA256Digest(hex: text) { digests.insert(digest) }
            }
            for table in ["file", "document", "version"] {
                var remove = try connection.statement("DELETE FROM \(table) WHERE number = ?")
                try remove.run([.integer(number)])
            }
            return digests
        }
        for digest in digests { try remove(digest) }
    }

    /// Removes content that no version names, and no other file: what a server left that was killed before it had added the
    /// version, or had swept it.
    package func sweepContent(_ isStopping: () -> Bool = { false }) throws(Problem) {
        let folders: [String]
        do throws(FileError) { folders = try store.folderNames() } catch { throw .file(error) }
        for folder in folders {
            let digests = store.digests(in: folder)
            let named = try names(digests)
            for digest in digests where !named.contains(digest) {
                guard !isStopping() else { return }
                try remove(digest)
            }
        }
    }

    private func remove(_ digest: SHA256Digest) throws(Problem) {
        do {
            var isRemoved = false
            try store.remove(digest) { digest in
                isRemoved = try !names(digest)
                return !isRemoved
            }
            guard isRemoved else { return }
        } catch {
            throw ModelCatalogue.problem(error)
        }
        try change { connection in
            var forget = try connection.statement("DELETE FROM content WHERE sha256 = ?")
            try forget.run([.text(digest.hex)])
        }
    }

    // MARK: Proof

    /// Notes that content was hashed, and is what its name states.
    package func remember(_ digest: SHA256Digest, _ status: FileStatus) throws(Problem) {
        try change { connection in try ModelCatalogue.remember(digest, status, &connection) }
    }

    /// The contents that versions name and whose files are not what they were when they were hashed, or are missing.
    /// - Parameter tell: receives each with its size.
    package func unproved(
        _ isStopping: () -> Bool = { false }, _ tell: (StoredContent) -> Void
    ) throws(Problem) {
        var last = ""
        while !isStopping() {
            let rows = try look { connection in
                var find = try connection.statement(
                    """
                    SELECT sha256, file.size, crc32, content.size, device, inode, modified, changed
                    FROM file LEFT JOIN content USING (sha256) WHERE sha256 > ?
                    GROUP BY sha256 ORDER BY sha256 LIMIT 500
                    """)
                try find.bind([.text(last)])
                var rows: [(StoredContent, FileStatus?)] = []
                while let row = try find.next() {
                    guard row.count == 8, let digest = row[0].text.flatMap({ SHA256Digest(hex: $0) }),
                        let size = row[1].integer.flatMap({ Int(exactly: $0) }),
                        let checksum = row[2].integer.flatMap({ UInt32(exactly: $0) })
                    else { throw SQLiteError(code: 11, "the record of a file is damaged") }
                    rows.append(
                        (
                            StoredContent(sha256: digest, size: size, crc32: checksum),
                            ModelCatalogue.status(in: row[3...])
                        ))
                }
                return rows
            }
            guard let end = rows.last?.0.sha256.hex else { return }
            last = end
            for (content, proved) in rows {
                if let proved, (try? FileStatus.status(of: store.path(of: content.sha256))) == proved {
                    continue
                }
                tell(content)
            }
        }
    }
}
