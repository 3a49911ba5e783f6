import Formats
import Manifests
import Storage

/// Unpacks what Kaggle packs: an archive of a version, or a zip that has one file in it.
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
    }

    /// Unpacks all files into a directory, which is empty.
    /// - Throws: `ArchiveError` for links, devices, paths that lead out, and everything that is damaged.
    func unpack(into directory: String, _ cancellation: Cancellation) throws -> [Unpacked] {
        var reader = try ArchiveReader(sniffing: path)
        var result: [Unpacked] = []
        var left = limit
        while let entry = try reader.next() {
            try cancellation.check()
            left = try rest(left, entry)
            let target = entry.path.joined(to: directory)
            try Directory.make(Path.parent(target))
            result.append(try KaggleArchive.write(&reader, entry, to: target, cancellation))
        }
        return result
    }

    /// Unpacks the only file of a zip.
    /// - Parameter name: what the file has to be called.
    func unpackOnly(_ name: String, to target: String, _ cancellation: Cancellation) throws -> Unpacked {
        var reader = try ArchiveReader(sniffing: path)
        guard let entry = try reader.next(), entry.path.name.hasSameBytes(as: name) else {
            throw Refused(reason: "has something else than \(quoted(name)) in it")
        }
        _ = try rest(limit, entry)
        let unpacked = try KaggleArchive.write(&reader, entry, to: target, cancellation)
        guard try reader.next() == nil else { throw Refused(reason: "has more than one file in it") }
        return unpacked
    }

    /// Ends the work where a lock pins another content.
    static func require(_ file: Unpacked, _ locked: SHA256Digest?) throws(TransferFailure) {
        guard let locked, locked != file.sha256 else { return }
        throw TransferFailure(
            .notAsLocked(found: file.sha256.hex, expected: locked.hex), file: file.path.text)
    }

    private func rest(_ left: Int, _ entry: ArchiveEntry) throws(Refused) -> Int {
        guard entry.size <= left else {
            throw Refused(reason: "has more in it than there is room for: more than \(ByteCount.text(limit))")
        }
        return left - entry.size
    }

    private static func write(
        _ reader: inout ArchiveReader, _ entry: ArchiveEntry, to target: String, _ cancellation: Cancellation
    ) throws -> Unpacked {
        let file = try FileHandle.updating(target)
        try file.resize(0)
        var hasher = try ContentHasher()
        try reader.read { bytes in
            try cancellation.check()
            try hasher.update(bytes)
            try file.write(bytes)
        }
        try file.synchronizeContent()
        return Unpacked(path: entry.path, size: entry.size, sha256: try hasher.finish().sha256)
    }
}
