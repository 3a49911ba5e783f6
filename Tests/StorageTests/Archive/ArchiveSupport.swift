import Formats
import TestSupport
import Testing

@testable import Storage

/// A file as it goes into an archive and comes out of it.
struct ArchivedFile: Equatable {
    let path: String
    let content: [UInt8]
    var compress = false

    /// Equal in path, byte for byte, and in content.
    static func == (left: ArchivedFile, right: ArchivedFile) -> Bool {
        left.path.utf8.elementsEqual(right.path.utf8) && left.content == right.content
    }
}

extension ArchivedFile {
    init(_ path: String, _ text: String, compress: Bool = false) {
        self.init(path: path, content: Array(text.utf8), compress: compress)
    }
}

/// Names and contents that trip tools: accents in both of Unicode's forms, Korean, an emoji, spaces, quotes,
/// backslashes, empty files, leading dots and dashes.
let awkwardFiles = [
    ArchivedFile("-rf", "dash"),
    ArchivedFile(".hidden/..x/...", "dots"),
    ArchivedFile("README.md", String(repeating: "# text that deflates well\n", count: 60), compress: true),
    ArchivedFile("a b/'\"\\*?", "quotes"),
    ArchivedFile("decomposed/e\u{301}", "NFD"),
    ArchivedFile("composed/\u{E9}", "NFC"),
    ArchivedFile("empty", "", compress: true),
    ArchivedFile("empty-stored", ""),
    ArchivedFile("한국어/모델.safetensors", "\u{0}\u{1}", compress: true),
    ArchivedFile("\u{1F392}", "a rucksack"),
    ArchivedFile("a/\u{301}accent", "an accent on a slash"),
    ArchivedFile(path: "zeros", content: [UInt8](repeating: 0, count: 100_000)),
    ArchivedFile("ﬁ-ligature/Å", "compatibility characters"),
]

/// Writes files to a new archive.
func writeArchive(_ path: String, _ format: ArchiveFormat, _ files: [ArchivedFile]) throws {
    var writer = try ArchiveWriter(creating: path, format: format)
    for file in files {
        try writer.add(path: RelativePath(checked: file.path), file.content.span, compress: file.compress)
    }
    try writer.finish()
}

/// Reads all files of an archive.
/// - Parameter limit: the most bytes of one file; more is ``Stop``.
func readArchive(_ path: String, _ format: ArchiveFormat, limit: Int = 1 << 26) throws -> [ArchivedFile] {
    var reader = try ArchiveReader(path: path, format: format)
    var files: [ArchivedFile] = []
    while let entry = try reader.next() {
        var content: [UInt8] = []
        try reader.read { bytes in
            guard bytes.count <= limit - content.count else { throw Stop() }
            unsafe bytes.withUnsafeBytes { unsafe content.append(contentsOf: $0) }
        }
        #expect(content.count == entry.size)
        files.append(ArchivedFile(path: entry.path.text, content: content))
    }
    return files
}

/// What a test throws to stop the reading.
struct Stop: Error {}

/// Expects an error of a kind.
func expectArchiveError(_ code: ArchiveError.Code, _ body: () throws -> Void) {
    do {
        try body()
        Issue.record("no error where \(code) was expected")
    } catch let error as ArchiveError {
        #expect(error.code == code, "\(error)")
    } catch {
        Issue.record(error)
    }
}
