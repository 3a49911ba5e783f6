import Formats
import Manifests
import Storage

/// What is written down while an archive is unpacked as it arrives: of which archive, for whom, and after some files how
/// far it is.
///
/// A text of JSON lines that are only appended: the first states what it is about, every other one the place behind a file,
/// the MD5's state and the files since the line before. What follows the last line break was not written to its end. What a
/// line states is on the disk before the line is.
struct UnpackJournal: ~Copyable {
    /// One file of the archive.
    struct File: Equatable, Sendable {
        /// Its path.
        let path: RelativePath
        /// Its size in bytes.
        let size: Int
        /// The digest of its content; `nil` where nobody wants it, and it was left out.
        let sha256: SHA256Digest?
    }

    /// What the archive and the wish are.
    private let header: JSON
    private let path: String
    private var file: FileHandle?
    /// The files that are unpacked, in the archive's order.
    private(set) var files: [File] = []
    /// Those of which no line is written yet.
    private var unwritten: [File] = []
    /// The place behind the last file of the last line, in bytes of the archive.
    private(set) var end = 0
    /// The MD5 as the last line states it.
    private(set) var md5 = ResumableMD5()
    /// What the archive is, as the last line states it.
    private(set) var format: FeedFormat?
    /// Whether everything was unpacked, and the archive's bytes were what they had to be.
    private(set) var isWhole = false

    private static let version = 1
    private static let limit = 1 << 28

    /// Reads the journal; an empty one where there is none, or one of another archive or wish.
    init(_ path: String, _ identity: BlobIdentity, _ wish: FetchWish) {
        self.path = path
        header = [
            "unpacked": .integer(UnpackJournal.version), "archive": .string(identity.name),
            "size": .integer(identity.size), "wanted": .string(UnpackJournal.text(wish)),
        ]
        guard let bytes = try? FileReader.contents(of: path, limit: UnpackJournal.limit),
            let last = bytes.lastIndex(of: UInt8(ascii: "\n"))
        else { return }
        var lines = bytes[..<last].split(separator: UInt8(ascii: "\n"))[...]
        guard let first = lines.popFirst(), (try? JSON.parse(Array(first))) == header else { return }
        for line in lines {
            guard let json = try? JSON.parse(Array(line)), let end = json["end"]?.integer, end >= self.end,
                end <= identity.size, let md5 = json["md5"]?.string.flatMap({ ResumableMD5(state: $0) }),
                md5.count >= end, md5.count <= identity.size,
                let format = json["format"]?.string.flatMap({ FeedFormat(rawValue: $0) }),
                let files = UnpackJournal.files(json["files"])
            else { break }
            (self.end, self.md5, self.format) = (end, md5, format)
            self.files += files
            isWhole = json["whole"] == .bool(true)
        }
    }

    /// What is wanted of the archive, in a form that is short.
    private static func text(_ wish: FetchWish) -> String {
        var text = "\(wish.filter.include.map { "\($0)" } ?? "all") \(wish.filter.exclude)"
        if let locked = wish.locked {
            for (path, content) in locked.sorted(by: { $0.key < $1.key }) {
                text += "\n\(path.text)\0\(content.size) \(content.sha256.hex)"
            }
        }
        return (try? ContentHasher.sha256(Array(text.utf8).span))?.hex ?? ""
    }

    private static func files(_ json: JSON?) -> [File]? {
        var files: [File] = []
        for entry in json?.array ?? [] {
            guard let path = entry["path"]?.string.flatMap({ RelativePath($0) }),
                let size = entry["size"]?.integer,
                size >= 0
            else { return nil }
            var digest: SHA256Digest?
            if let text = entry["sha256"]?.string {
                guard let read = SHA256Digest(hex: text) else { return nil }
                digest = read
            }
            files.append(File(path: path, size: size, sha256: digest))
        }
        return files
    }

    /// Begins again from nothing.
    mutating func clear() {
        (files, unwritten, end, md5, isWhole) = ([], [], 0, ResumableMD5(), false)
        format = nil
        file = nil
        try? Directory.removeFile(path)
    }

    /// Takes a file that is unpacked, and on the disk.
    mutating func add(_ file: File) {
        files.append(file)
        unwritten.append(file)
    }

    /// Writes down how far the archive is.
    mutating func write(
        end: Int, _ md5: ResumableMD5, _ format: FeedFormat, isWhole: Bool = false
    ) throws(FileError) {
        var members: [JSON.Member] = [
            JSON.Member("end", .integer(end)), JSON.Member("md5", .string(md5.state)),
            JSON.Member("format", .string(format.rawValue)),
            JSON.Member("files", .array(unwritten.map(UnpackJournal.json))),
        ]
        if isWhole { members.append(JSON.Member("whole", .bool(true))) }
        if file == nil {
            // What a killed process wrote only a part of is left out.
            var lines = header.compactText + "\n"
            if self.end > 0 {
                let known = files.dropLast(unwritten.count).map(UnpackJournal.json)
                let line: JSON = [
                    "end": .integer(self.end), "md5": .string(self.md5.state),
                    "format": .string((self.format ?? format).rawValue), "files": .array(known),
                ]
                lines += line.compactText + "\n"
            }
            try AtomicFile.write(Array(lines.utf8), to: path)
            file = try FileHandle.appending(path)
        }
        let line = JSON.object(members).compactText + "\n"
        if let handle = file.take() {
            try handle.write(Array(line.utf8).span)
            try handle.synchronizeContent()
            file = consume handle
        }
        unwritten = []
        (self.end, self.md5, self.isWhole, self.format) = (end, md5, isWhole, format)
    }

    private static func json(_ file: File) -> JSON {
        var members = [
            JSON.Member("path", .string(file.path.text)), JSON.Member("size", .integer(file.size)),
        ]
        if let digest = file.sha256 { members.append(JSON.Member("sha256", .string(digest.hex))) }
        return .object(members)
    }
}
