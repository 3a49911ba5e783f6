import Formats
import Manifests
import Storage

/// A zip that Kaggle has in place of one file.
struct KaggleArchive {
    /// The archive's file.
    let path: String
    /// The most bytes that may come out.
    let limit: Int

    /// One file that was unpacked.
    struct Unpacked: Sendable {
        /// Its path in the archive.
        let path: RelativePath
        /// Its size in bytes.
        let size: Int
        /// The digest of its content.
        let sha256: SHA256Digest
    }

    /// Why an archive is not unpacked.
    struct Refused: Error, Equatable {
        /// A clause: "has more than 10 GB in it".
        let reason: String

        /// More comes out than there is room for.
        /// - Parameter free: how many bytes are free.
        static func tooLarge(_ free: Int) -> Refused {
            Refused(reason: "has more in it than there is room for: more than \(ByteCount.text(free))")
        }
    }

    /// Unpacks the only file of a zip. Where there is little room, what was unpacked of the zip is given back at once.
    /// - Parameters:
    ///   - name: what the file has to be called.
    ///   - size: how long it has to be, in bytes, if that is known.
    func unpackOnly(
        _ name: String, size: Int?, to target: String, _ cancellation: Cancellation
    ) throws -> Unpacked {
        let feed = try WholeFeed(path)
        let reader = try ZipFeedReader(feed)
        guard let entry = reader.entries.first, entry.path.name.hasSameBytes(as: name) else {
            throw Refused(reason: "has something else than \(quoted(name)) in it")
        }
        guard reader.entries.count == 1 else { throw Refused(reason: "has more than one file in it") }
        guard entry.size <= limit else { throw Refused.tooLarge(limit) }
        if let size, size != entry.size {
            throw TransferFailure(
                .changed("the archive has \(entry.size) bytes of it, and \(size) are listed"), file: name)
        }
        let file = try FileHandle.updating(target)
        try file.resize(0)
        var hasher = try ContentHasher()
        var (written, looked) = (0, 0)
        try reader.read(entry) { bytes in
            try cancellation.check()
            try hasher.update(bytes)
            try file.write(bytes)
            written += bytes.count
            if written - looked >= 32 << 20 {
                looked = written
                if try Directory.freeBytes(at: target) < entry.size - written {
                    feed.giveBack(upTo: feed.md5.count)
                }
            }
        }
        try file.synchronizeContent()
        return Unpacked(path: entry.path, size: entry.size, sha256: try hasher.finish().sha256)
    }

    /// Ends the work where a lock pins another content.
    static func require(_ file: Unpacked, _ locked: SHA256Digest?) throws(TransferFailure) {
        guard let locked, locked != file.sha256 else { return }
        throw TransferFailure(
            .notAsLocked(found: file.sha256.hex, expected: locked.hex), file: file.path.text)
    }
}
