package import Formats
package import Manifests
package import Storage

/// A bundle in an archive, which is read from front to back.
package struct ArchiveContent: Sendable {
    /// The archive as it was named.
    package let name: String
    /// Its absolute path without links.
    package let path: String
    /// The kind of archive.
    package let format: ArchiveFormat
    /// The lock that is in it.
    package let lock: Lock
    /// The sizes of all files in bytes; `nil` where only a part was looked at.
    package let sizes: [RelativePath: Int]?

    /// Reads the archive's lock.
    ///
    /// Where that costs no reading of content, the whole table of files is looked at, so that what is missing
    /// is told before anything is written. A compressed archive is read as far as its lock.
    /// - Parameter isWhole: whether a compressed one is read to its end, too, for the names of all its files.
    /// - Throws: where the archive cannot be read or has no lock. A pipe cannot be read twice.
    package init(
        _ archive: String, format: ArchiveFormat, isWhole: Bool = false
    ) throws(Diagnostics) {
        name = archive
        self.format = format
        let (path, lock, sizes) = try Self.lock(of: archive, format: format, isWhole: isWhole)
        self.path = path
        self.lock = try Lock.parse(lock, path: Lock.bundledName.joined(to: archive))
        self.sizes = format == .tarZstd && !isWhole ? nil : sizes
    }

    /// Throws where a lock is larger than any is.
    static func requireLockSize(_ size: Int, _ archive: String) throws(Diagnostics) {
        guard size > Lock.sizeLimit else { return }
        throw Diagnostics(
            Diagnostic(
                code: .lockMalformed, "\(archive): its lock has \(size) bytes",
                notes: ["at most \(Lock.sizeLimit) are allowed"], fix: "pack the bundle again",
                verdict: .undecided))
    }

    /// The lock's bytes, with the archive's absolute path, and the sizes of the files that were passed.
    static func lock(
        of archive: String, format: ArchiveFormat, isWhole: Bool = false
    ) throws(Diagnostics) -> (path: String, lock: [UInt8], sizes: [RelativePath: Int]) {
        let path: String
        do throws(FileError) {
            path = try FileHandle.named(archive).path
        } catch {
            throw Diagnostics(
                Diagnostic(code: .unreadable, "\(error)", fix: error.remedy(), verdict: .undecided))
        }
        var sizes: [RelativePath: Int] = [:]
        var lock: [UInt8]?
        do {
            var reader = try ArchiveReader(path: path, format: format)
            var bounds = MemberBounds(
                archive, format: format, size: try FileStatus.status(of: path).size)
            while lock == nil || isWhole || format != .tarZstd, let entry = try reader.next() {
                _ = try bounds.admits(entry)
                sizes[entry.path] = entry.size
                guard entry.path == Lock.bundledName else { continue }
                try Self.requireLockSize(entry.size, archive)
                var bytes: [UInt8] = []
                bytes.reserveCapacity(entry.size)
                try reader.read { block in for index in block.indices { bytes.append(block[index]) } }
                lock = bytes
            }
        } catch let error as ArchiveError {
            throw Diagnostics(error.diagnostic(archive))
        } catch {
            throw error as? Diagnostics
                ?? Diagnostics(Diagnostic(code: .unreadable, "\(error)", verdict: .undecided))
        }
        guard let lock else {
            throw Diagnostics(
                Diagnostic(
                    code: .notABundle, "\(archive) has no \(Lock.bundledName), so it is not a bundle",
                    fix: "name an archive that knapsack pack wrote", verdict: .undecided))
        }
        return (path, lock, sizes)
    }
}

extension ArchiveError {
    /// What to tell of an archive that cannot be read to its end.
    func diagnostic(_ archive: String, notes: [String] = []) -> Diagnostic {
        switch code {
        case .file, .library, .usage:
            Diagnostic(
                code: .unreadable, "\(self)", notes: notes, fix: cause?.remedy(), verdict: .undecided)
        case .damaged:
            Diagnostic(
                code: .archiveDamaged, "\(archive) is damaged", notes: ["\(self)"] + notes,
                fix: "pack it again, or copy it again")
        case .unsupported, .path, .notAFile, .duplicate, .tooLarge:
            Diagnostic(
                code: .archiveRefused, "\(archive) is not an archive that knapsack pack wrote",
                notes: ["\(self)"] + notes, fix: "pack it again", verdict: .undecided)
        }
    }
}
