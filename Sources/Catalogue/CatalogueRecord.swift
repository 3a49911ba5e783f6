import Formats
import Storage

/// A version as it is written beside the contents, one file for each: `records/T/N.json`, where N is its number in the database
/// and T the thousands of it. From the records a database that was damaged is made anew.
struct CatalogueRecord {
    /// The number in the database, which is never used again.
    let number: Int64
    /// The version.
    let version: ModelVersion

    /// The most bytes of a record that is read.
    private static let sizeLimit = 1 << 26

    /// Where the record of a number is.
    static func path(_ number: Int64, in directory: String) -> String {
        Path.join(directory, "records/\(number / 1000)/\(number).json")
    }

    /// Puts the record of a version on the disk, in the place of one that is there.
    static func write(
        _ number: Int64, _ version: ModelVersion, in directory: String
    ) throws(FileError) {
        let path = path(number, in: directory)
        let folder = Path.parent(path)
        if try FileStatus.existing(folder) == nil {
            try Directory.make(folder)
            try AtomicFile.synchronizeDirectory(of: folder)
        }
        let files = version.files.map { file -> JSON in
            [
                "path": .string(file.path.text), "sha256": .string(file.content.sha256.hex),
                "size": .integer(file.content.size), "crc32": .integer(Int(file.content.crc32)),
            ]
        }
        let record: JSON = [
            "user": .string(version.user), "model": .string(version.model),
            "version": .string(version.version),
            "files": .array(files), "document": version.document,
        ]
        try AtomicFile.write(Array(record.compactText.utf8), to: path)
    }

    /// Removes the record of a number; one that is missing is *not* an error.
    static func remove(_ number: Int64, in directory: String) throws(FileError) {
        try Directory.removeFile(path(number, in: directory))
    }

    /// The numbers that have a record.
    static func numbers(in directory: String) -> [Int64] {
        let records = Path.join(directory, "records")
        return ((try? Directory.names(in: records)) ?? []).flatMap { folder -> [Int64] in
            guard let thousands = plainNumber(folder) else { return [] }
            return ((try? Directory.names(in: Path.join(records, folder))) ?? []).compactMap { name in
                guard name.utf8.ends(with: ".json"),
                    let number = plainNumber(String(decoding: name.utf8.dropLast(5), as: UTF8.self)),
                    number / 1000 == thousands
                else { return nil }
                return number
            }
        }
    }

    /// The number of digits alone, as it is written in a name.
    private static func plainNumber(_ text: String) -> Int64? {
        guard let number = Int64(text), number >= 0, String(number).hasSameBytes(as: text) else { return nil }
        return number
    }

    /// Reads the record of a number; `nil` where it cannot be read, or is none.
    static func read(_ number: Int64, in directory: String) -> CatalogueRecord? {
        guard
            let bytes = try? FileReader.contents(of: path(number, in: directory), limit: sizeLimit),
            let record = try? JSON.parse(bytes), let document = record["document"],
            document.members != nil,
            let user = record["user"]?.string, let model = record["model"]?.string,
            let version = record["version"]?.string, let list = record["files"]?.array,
            [user, model, version].allSatisfy({ ModelVersion.problem(inName: $0) == nil })
        else { return nil }
        let files = list.compactMap { file -> StoredFile? in
            guard let path = file["path"]?.string.flatMap({ RelativePath($0) }),
                let digest = file["sha256"]?.string.flatMap({ SHA256Digest(hex: $0) }),
                let size = file["size"]?.integer, size >= 0,
                let checksum = file["crc32"]?.integer.flatMap({ UInt32(exactly: $0) })
            else { return nil }
            return StoredFile(
                path: path, content: StoredContent(sha256: digest, size: size, crc32: checksum))
        }
        guard files.count == list.count, Set(files.map(\.path)).count == files.count else { return nil }
        return CatalogueRecord(
            number: number,
            version: ModelVersion(
                user: user, model: model, version: version, document: document, files: files))
    }
}
