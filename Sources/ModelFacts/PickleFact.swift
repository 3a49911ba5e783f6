package import Formats
package import Manifests
package import Scanning
package import Storage

/// What a lock records of one file that holds pickles.
package struct PickleFact: Equatable, Sendable {
    /// The most refused names that a lock records of a file.
    static let maximumNames = 8
    /// The longest text of a lock about a file, in Unicode scalars.
    static let maximumText = 160

    /// The path in the entry.
    package let path: RelativePath
    /// What loading it would do.
    package let verdict: PickleScan.Verdict
    /// What it imports without that being known as harmless, sorted; the first eight.
    package let names: [String]
    /// The first thing that is wrong besides imports; `nil` if there is nothing.
    package let problem: String?
    /// A safetensors file, or an index of such, of the same repository that has the same weights by its name.
    package let twin: RelativePath?

    /// Looks into a file for pickles.
    /// - Parameter others: the paths of everything in the snapshot, among which twins are looked for.
    /// - Returns: `nil` if it holds none.
    static func read(
        _ file: ModelFile, among others: Set<RelativePath>, _ contents: ModelFileReader
    ) throws(FileError) -> PickleFact? {
        let scan = try PickleScan.read(name: file.path.text, fileSize: try contents.size(file)) {
            range throws(FileError) in
            try contents.bytes(range, of: file)
        }
        return scan.map { PickleFact($0, path: file.path, among: others) }
    }

    /// Looks into one file.
    package static func scan(_ location: String, name: String) throws(FileError) -> PickleScan? {
        let handle = try FileHandle.reading(location)
        let size = try handle.status().size
        return try PickleScan.read(name: name, fileSize: size) { range throws(FileError) in
            try handle.bytes(range)
        }
    }

    private init(_ scan: PickleScan, path: RelativePath, among others: Set<RelativePath>) {
        self.path = path
        verdict = scan.verdict
        names = Array(scan.refused.prefix(Self.maximumNames))
        let first = scan.findings.first { finding in
            !scan.refused.contains { finding.message.contains($0) }
        }
        problem = first.map { finding in
            let text = finding.member.isEmpty ? finding.message : "\(finding.member): \(finding.message)"
            return String(String.UnicodeScalarView(text.unicodeScalars.prefix(Self.maximumText)))
        }
        twin = Self.twins(of: path).first { others.contains($0) }
    }

    /// What the safetensors file with the same weights would be called, likeliest first.
    static func twins(of path: RelativePath) -> [RelativePath] {
        let file = path.name.utf8
        let stem = String(decoding: file.lastIndex(of: 0x2E).map { file[..<$0] } ?? file[...], as: UTF8.self)
        var stems = [stem]
        // The Hub's names differ for PyTorch's own format.
        if stem.utf8.starts(with: "pytorch_model".utf8) {
            stems.append(
                "model" + String(decoding: stem.utf8.dropFirst("pytorch_model".utf8.count), as: UTF8.self))
        }
        let names = stems.map { "\($0).safetensors" }
        let all = ["model.safetensors.index.json", "model.safetensors", "adapter_model.safetensors"]
        let isModel = stem.utf8.starts(with: "pytorch_model".utf8)
        return (names + (isModel ? Array(all.prefix(2)) : [])).map { name in
            // A name beside a path, or its own one with another ending.
            path.beside(RelativePath(checked: name))
        }
    }
}

// MARK: In the lock

extension PickleFact {
    /// The name of the fact in a lock's entry.
    static let lockName = "pickles"

    /// The lock's member; `nil` if there are no pickles.
    package static func lockMember(_ facts: [PickleFact]) -> JSON.Member? {
        facts.isEmpty ? nil : JSON.Member(lockName, .array(facts.map(\.json)))
    }

    private var json: JSON {
        var members = [
            JSON.Member("path", .string(path.text)), JSON.Member("verdict", .string(verdict.rawValue)),
        ]
        if !names.isEmpty { members.append(JSON.Member("names", .array(names.map(JSON.string)))) }
        if let problem { members.append(JSON.Member("problem", .string(problem))) }
        if let twin { members.append(JSON.Member("twin", .string(twin.text))) }
        return .object(members.sortedByKey)
    }

    /// Reads what a lock states. A verdict that is not known counts as unreadable.
    package init(_ json: JSON) {
        path = json["path"]?.string.flatMap { RelativePath($0) } ?? "?"
        verdict = json["verdict"]?.string.flatMap(PickleScan.Verdict.init) ?? .unreadable
        names = json["names"]?.strings ?? []
        problem = json["problem"]?.string
        twin = json["twin"]?.string.flatMap { RelativePath($0) }
    }
}

extension LockedEntry {
    /// The files with pickles, as they were when the entry was locked.
    package var pickles: [PickleFact] { (fact(PickleFact.lockName)?.array ?? []).map { PickleFact($0) } }
}
