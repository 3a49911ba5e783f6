package import Formats
import Manifests
import PythonPackages
import Storage

/// Reads a wheel from its first byte to its last: what it states of itself, and whether its files are those that
/// its RECORD names. What is wrong is recorded, not thrown.
package struct WheelReader {
    /// The most bytes that METADATA, WHEEL and RECORD may have together.
    static let metadataLimit = 1 << 25
    /// The most requirements and extras, and bytes in each, that are recorded.
    static let mostRequirements = 5000
    /// The most bytes in one of them.
    private static let longestRequirement = 4096
    /// How many times a wheel's size its files may have. Deflate makes at most 1032 times as much, real wheels
    /// about 10 times.
    static let largestRatio = 250
    /// What small wheels may have all the same, in bytes.
    static let smallSize = 1 << 26

    private let path: RelativePath
    private let location: String
    private let size: Int
    /// The digests and sizes of all files.
    private var members: [RelativePath: (sha256: SHA256Digest, size: Int)] = [:]
    /// The content of the files that describe the wheel.
    private var descriptions: [RelativePath: [UInt8]] = [:]

    /// The paths, of which no two are one where a system takes equivalent spellings for the same.
    private var spellings: Set<String> = []

    private struct Stop: Error { let message: String }

    /// Reads a wheel.
    /// - Parameters:
    ///   - path: the path below its entry.
    ///   - location: the path on disk.
    ///   - size: the size in bytes.
    package static func read(_ path: RelativePath, at location: String, size: Int) -> WheelFacts {
        var reader = WheelReader(path: path, location: location, size: size)
        do {
            try reader.readMembers()
            return try reader.facts()
        } catch let stop as Stop {
            return reader.broken(stop.message)
        } catch let error as ArchiveError {
            return reader.broken(
                (error.entry.map { "\($0.quotedInLine) " } ?? "") + error.reason.quotedInLine)
        } catch {
            return reader.broken("cannot be read: \(error)")
        }
    }

    private init(path: RelativePath, location: String, size: Int) {
        self.path = path
        self.location = location
        self.size = size
    }

    private func broken(_ message: String) -> WheelFacts {
        WheelFacts(
            path: path, name: nil, version: nil, requiresPython: nil, requires: [], extras: [],
            problems: [.init(code: .broken, message: message)])
    }

    // MARK: Files

    private mutating func readMembers() throws {
        var archive = try ArchiveReader(path: location, format: .zip)
        let (product, overflow) = size.multipliedReportingOverflow(by: WheelReader.largestRatio)
        let limit = overflow ? Int.max : max(product, WheelReader.smallSize)
        var total = 0
        var described = 0
        while let entry = try archive.next() {
            let (sum, overflow) = total.addingReportingOverflow(entry.size)
            guard !overflow, sum <= limit else {
                throw Stop(message: "unpacks to more than \(limit) bytes, as no honest wheel does")
            }
            total = sum
            let isDescription = WheelReader.isDescription(entry.path)
            if isDescription {
                described += entry.size
                guard described <= WheelReader.metadataLimit else {
                    throw Stop(
                        message:
                            "has METADATA, WHEEL and RECORD of more than \(WheelReader.metadataLimit) bytes")
                }
            }
            var hasher = try ContentHasher()
            var content: [UInt8] = []
            try archive.read { bytes in
                guard !Task.isCancelled else { throw ReadFailure.cancelled }
                try hasher.update(bytes)
                if isDescription { for index in bytes.indices { content.append(bytes[index]) } }
            }
            // Names that differ only in how accents are written are one to some systems.
            guard spellings.insert(entry.path.text).inserted else {
                throw Stop(message: "has two files called \(entry.path.text.quotedInLine)")
            }
            members[entry.path] = (try hasher.finish().sha256, entry.size)
            if isDescription { descriptions[entry.path] = content }
        }
    }

    /// Whether a file is one of the three at the top of a .dist-info folder.
    private static func isDescription(_ path: RelativePath) -> Bool {
        let parts = path.components
        guard parts.count == 2, parts[0].utf8.ends(with: ".dist-info") else { return false }
        return ["METADATA", "WHEEL", "RECORD"].contains { parts[1].hasSameBytes(as: $0) }
    }

    // MARK: What it states

    private func facts() throws(Stop) -> WheelFacts {
        guard let file = WheelFileName(path.name) else {
            throw Stop(message: "has a name that no wheel may have (name-version-python-abi-platform.whl)")
        }
        let folders = Set(
            members.keys.compactMap { path -> RelativePath? in
                let parts = path.components
                guard parts.count > 1, parts[0].utf8.ends(with: ".dist-info") else { return nil }
                return RelativePath(parts[0])
            }
        ).sorted()
        guard let folder = folders.first, folders.count == 1 else {
            let list = folders.prefix(3).map(\.text.quotedInLine).joined(separator: ", ")
            throw Stop(
                message: folders.isEmpty
                    ? "has no .dist-info folder" : "has \(folders.count) .dist-info folders: \(list)")
        }
        func description(_ name: RelativePath) throws(Stop) -> [UInt8] {
            guard let bytes = descriptions[folder.appending(name)] else {
                throw Stop(message: "has no \(folder.text.quotedInLine)/\(name)")
            }
            return bytes
        }
        let metadataBytes = try description("METADATA")
        guard let metadata = PackageMetadata(metadataBytes.span) else {
            throw Stop(message: "has a METADATA that is not UTF-8, or names no project or version")
        }
        let texts = metadata.requires + metadata.extras
        guard texts.count <= WheelReader.mostRequirements,
            texts.allSatisfy({ $0.utf8.count <= WheelReader.longestRequirement })
        else { throw Stop(message: "has a METADATA with more requirements than any package needs") }
        var problems: [WheelFacts.Problem] = []
        func problem(_ code: WheelFacts.Code, _ message: String) {
            problems.append(.init(code: code, message: message))
        }
        if !PackageName.normalized(folder.text).hasUTF8Prefix(file.name) {
            problem(.broken, "has the folder \(folder.text.quotedInLine), which is another project's")
        }
        if PackageName.normalized(metadata.name) != file.name {
            problem(.broken, "states that it is \(metadata.name.quotedInLine)")
        } else if PackageVersion(metadata.version) != file.version {
            problem(.broken, "states that it is version \(metadata.version.quotedInLine)")
        }
        for text in metadata.requires {
            do throws(RequirementError) {
                _ = try Requirement(parsing: text)
            } catch {
                problem(.broken, "needs \(text.quotedInLine), which is no requirement: \(error)")
            }
        }
        let wheelBytes = try description("WHEEL")
        let tags = try wheelTags(wheelBytes, file, problem)
        let recordBytes = try description("RECORD")
        checkRecord(recordBytes, folder, problem)
        return WheelFacts(
            path: path, name: metadata.name, version: metadata.version, tags: tags,
            requiresPython: metadata.requiresPython, requires: metadata.requires, extras: metadata.extras,
            license: WheelLicense.stated(in: metadata), problems: problems)
    }

    /// Checks the WHEEL file.
    /// - Returns: its tags where they are others than the file name's.
    private func wheelTags(
        _ bytes: [UInt8], _ file: WheelFileName, _ problem: (WheelFacts.Code, String) -> Void
    ) throws(Stop) -> [String] {
        guard let fields = HeaderFields(bytes.span), let format = fields["Wheel-Version"] else {
            throw Stop(message: "has a WHEEL that is not UTF-8 or has no Wheel-Version")
        }
        // Installers refuse a greater first number, and take a greater second one.
        guard let major = format.utf8.split(separator: UInt8(ascii: ".")).first,
            let number = Int(Substring(major)), number <= 1
        else {
            problem(.broken, "is of version \(format.quotedInLine) of the wheel format, and 1.0 is known")
            return []
        }
        let lists = fields.all("Tag").map { WheelTag.set($0) }
        let tags = Set(lists.flatMap { $0 ?? [] })
        guard tags != Set(file.tags) || lists.contains(where: { $0 == nil }) else { return [] }
        problem(.tags, "is named for \(file.tagText), and its WHEEL file states otherwise")
        return fields.all("Tag").sortedByBytes()
    }

    // MARK: RECORD

    private func checkRecord(
        _ bytes: [UInt8], _ folder: RelativePath, _ problem: (WheelFacts.Code, String) -> Void
    ) {
        guard let record = WheelRecord(bytes.span) else {
            return problem(.record, "has a RECORD that is no table of paths, digests and sizes")
        }
        let own = (["RECORD", "RECORD.jws", "RECORD.p7s"] as [RelativePath]).map(folder.appending)
        var faults: [String] = []
        var named: Set<ExactName> = []
        for row in record.rows {
            if !named.insert(row.path).inserted {
                faults.append("\(row.path.quotedInLine) is named twice")
                continue
            }
            guard let path = RelativePath(row.path), let member = members[path] else {
                faults.append("\(row.path.quotedInLine) is not in the wheel")
                continue
            }
            if own.contains(path) { continue }
            if let size = row.size, size != member.size {
                faults.append("\(row.path.quotedInLine) has \(member.size) bytes, not \(size)")
            } else if row.hash.hasUTF8Prefix("sha256=") {
                // Some write the "=" that fill up the last group.
                let text = String(row.hash.dropFirst(7).prefix { $0 != "=" })
                if !text.hasSameBytes(as: WheelRecord.text(of: member.sha256.bytes)) {
                    faults.append("\(row.path.quotedInLine) has another SHA-256")
                }
            } else {
                let name = row.hash.prefix { $0 != "=" }
                faults.append(
                    name.isEmpty
                        ? "\(row.path.quotedInLine) has no digest"
                        : "\(row.path.quotedInLine) has a digest by \(String(name).quotedInLine), which is not checked"
                )
            }
        }
        for path in members.keys.sorted()
        where !named.contains(ExactName(path.text)) && !own.contains(path) {
            faults.append("\(path.text.quotedInLine) is not in RECORD")
        }
        for fault in faults.prefix(3) { problem(.record, "is not as its RECORD states: \(fault)") }
        if faults.count > 3 {
            problem(.record, "is not as its RECORD states in \(faults.count - 3) more places")
        }
    }
}

extension String {
    /// The same on one line and not too long, for messages about files that nobody vouches for.
    fileprivate var quotedInLine: String {
        let short = utf8.count <= 200 ? self : String(decoding: utf8.prefix(200), as: UTF8.self) + "…"
        let isPlain = short.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
        return isPlain ? short : Manifests.quoted(short)
    }
}
