package import Formats
package import Manifests
package import Scanning
package import Storage

/// What a lock records of one file that brings a program along which is no pickle.
package struct ProgramFact: Equatable, Sendable {
    /// The path in the entry.
    package let path: RelativePath
    /// What the file is: "Keras model" and so on.
    package let format: String
    /// What is not known to be harmless, each with the member of an archive that it is in; the first eight.
    package let messages: [String]
    /// Whether something of it could not be read.
    package let isUnreadable: Bool

    /// The most messages that a lock records of a file.
    static let most = 8
    /// The most files that a lock records of an entry.
    static let mostFiles = 256

    /// Looks into a file for programs.
    /// - Returns: `nil` if it holds nothing but what is known to be harmless.
    static func read(_ file: ModelFile, _ contents: ModelFileReader) throws(FileError) -> ProgramFact? {
        let scan = try ProgramScan.read(
            name: file.path.text, fileSize: try contents.size(file), yaml: YAMLDocument.json
        ) { range throws(FileError) in
            try contents.bytes(range, of: file)
        }
        guard let scan, !scan.findings.isEmpty else { return nil }
        return ProgramFact(scan, path: file.path)
    }

    /// Looks into one file.
    package static func scan(_ location: String, name: String) throws(FileError) -> ProgramScan? {
        let handle = try FileHandle.reading(location)
        let size = try handle.status().size
        return try ProgramScan.read(name: name, fileSize: size, yaml: YAMLDocument.json) {
            range throws(FileError) in
            try handle.bytes(range)
        }
    }

    private init(_ scan: ProgramScan, path: RelativePath) {
        self.path = path
        format = scan.format
        messages = scan.findings.prefix(Self.most).map {
            $0.member.isEmpty ? $0.message : "\($0.member): \($0.message)"
        }
        isUnreadable = scan.findings.allSatisfy(\.isUnreadable)
    }
}

// MARK: In the lock

extension ProgramFact {
    /// The name of the fact in a lock's entry.
    static let lockName = "programs"

    /// The lock's member; `nil` if there are none.
    package static func lockMember(_ facts: [ProgramFact]) -> JSON.Member? {
        facts.isEmpty ? nil : JSON.Member(lockName, .array(facts.map(\.json)))
    }

    private var json: JSON {
        [
            "format": .string(format), "messages": .array(messages.map(JSON.string)),
            "path": .string(path.text),
            "unreadable": .bool(isUnreadable),
        ]
    }

    /// Reads what a lock states.
    package init(_ json: JSON) {
        path = json["path"]?.string.flatMap { RelativePath($0) } ?? "?"
        format = json["format"]?.string ?? "file"
        messages = json["messages"]?.strings ?? []
        isUnreadable = json["unreadable"]?.bool ?? true
    }
}

extension LockedEntry {
    /// The files with programs, as they were when the entry was locked.
    package var programs: [ProgramFact] { (fact(ProgramFact.lockName)?.array ?? []).map { ProgramFact($0) } }
}
