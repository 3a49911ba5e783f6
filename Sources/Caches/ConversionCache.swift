package import Formats
package import Manifests
package import Storage

/// Where Knapsack keeps what it converted: below `conversions` in its cache directory, one directory for each key,
/// which holds `conversion.json` and, below `files`, the files that were made.
///
/// A directory has its name only when it is whole. Every file is compared with the digest in the record before it is
/// used, and all of it can be taken away at any time: it is made again then.
package struct ConversionCache: Sendable {
    /// The directory that holds all conversions; it need not exist.
    package let directory: String

    /// The conversions in Knapsack's cache directory.
    package init(cacheDirectory: String) {
        directory = Path.join(cacheDirectory, "conversions")
    }

    /// The file in a conversion's directory that states what was made, and from what.
    package static let recordName = "conversion.json"
    /// The folder in a conversion's directory that holds the files that were made.
    package static let filesName = "files"

    /// The directory of the conversion with a key.
    package func path(_ key: SHA256Digest) -> String { Path.join(directory, key.hex) }

    /// Where a made file is stored.
    package func location(of path: RelativePath, key: SHA256Digest) -> String {
        Path.join(self.path(key), "\(ConversionCache.filesName)/\(path)")
    }

    /// Where a made file is stored; `nil` if it is not there.
    package func existing(_ path: RelativePath, key: SHA256Digest) -> String? {
        let location = location(of: path, key: key)
        return (try? FileStatus.existing(location))?.kind == .file ? location : nil
    }

    /// What is recorded of a conversion; `nil` if there is none, or none that can be used.
    package func record(_ key: SHA256Digest) -> ConversionRecord? {
        let path = Path.join(path(key), ConversionCache.recordName)
        guard let bytes = try? FileReader.contents(of: path, limit: 1 << 24) else { return nil }
        guard let record = ConversionRecord(bytes), record.conversion.key == key else { return nil }
        return record
    }
}

/// What `conversion.json` states: what was made of what, and every file with its digest.
package struct ConversionRecord: Equatable, Sendable {
    /// One file that was made.
    package struct File: Equatable, Sendable {
        /// The path below ``ConversionCache/filesName``.
        package let path: RelativePath
        /// The size in bytes.
        package let size: Int
        /// The SHA-256 of the content.
        package let sha256: SHA256Digest

        /// Names a file and what its content was found to be.
        package init(path: RelativePath, size: Int, sha256: SHA256Digest) {
            self.path = path
            self.size = size
            self.sha256 = sha256
        }
    }

    /// The version of the record's form; a record of another one is made anew.
    package static let version = 1

    /// What was made, and from what, as a lock records it.
    package let conversion: LockedConversion
    /// Sorted by the bytes of the paths.
    package let files: [File]
    /// What was found out on the way, sorted.
    package let results: [JSON.Member]
    /// What is worth knowing of the conversion each time that it is used; no errors.
    package let remarks: [Diagnostic]

    /// Records what a conversion made; `files` are in the order of their paths.
    package init(
        conversion: LockedConversion, files: [File], results: [JSON.Member] = [], remarks: [Diagnostic] = []
    ) {
        self.conversion = conversion
        self.files = files
        self.results = results
        self.remarks = remarks
    }

    /// Reads a record; `nil` if it is not one of this version.
    package init?(_ bytes: [UInt8]) {
        guard let json = try? JSON.parse(bytes.span), json["version"]?.integer == ConversionRecord.version,
            let conversion = json["conversion"], let version = conversion["converter"]?.integer,
            let inputs = conversion["inputs"]?.string.flatMap({ SHA256Digest(hex: $0) }),
            let parameters = conversion["parameters"]?.members, let list = json["files"]?.array
        else { return nil }
        self.conversion = LockedConversion(converter: version, inputs: inputs, parameters: parameters)
        var files: [File] = []
        for item in list {
            guard let path = item["path"]?.string.flatMap({ RelativePath($0) }),
                let size = item["size"]?.integer, size >= 0,
                let sha256 = item["sha256"]?.string.flatMap({ SHA256Digest(hex: $0) })
            else { return nil }
            files.append(File(path: path, size: size, sha256: sha256))
        }
        self.files = files
        results = json["results"]?.members ?? []
        remarks = (json["remarks"]?.array ?? []).compactMap(ConversionRemark.diagnostic)
    }

    package var text: String {
        let files = files.map { file -> JSON in
            [
                "path": .string(file.path.text), "sha256": .string(file.sha256.hex),
                "size": .integer(file.size),
            ]
        }
        var members: [JSON.Member] = [
            .init("version", .integer(ConversionRecord.version)), .init("conversion", conversion.json),
            .init("files", .array(files)),
        ]
        if !results.isEmpty { members.append(.init("results", .object(results))) }
        if !remarks.isEmpty { members.append(.init("remarks", .array(remarks.map(ConversionRemark.json)))) }
        return JSON.object(members).prettyText + "\n"
    }
}
