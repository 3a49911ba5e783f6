import Formats
import Manifests

/// The files of an entry as requirements are found in them, each JSON file read once.
///
/// What cannot be read asks for nothing here: ``ModelFacts/problems`` tell of it.
struct RequirementFiles {
    /// The chosen files' paths, sorted by their bytes.
    let paths: [RelativePath]
    /// Paths of the same revision that are not among the files, because they were left out or are not in the cache.
    let elsewhere: [RelativePath]
    private let files: [RelativePath: ModelFile]
    private var documents: [RelativePath: JSON] = [:]

    /// The largest JSON file that is read; tokenizers' configurations have up to some megabytes.
    private static let documentLimit = 1 << 25
    /// The largest Python file that is read.
    private static let codeLimit = 1 << 23

    /// Reads the files.
    let contents: ModelFileReader

    /// Takes the chosen files, the reader that keeps what was read of them, and the other paths of the revision.
    init(_ files: [ModelFile], _ contents: ModelFileReader, elsewhere: [RelativePath]) {
        self.contents = contents
        self.files = Dictionary(
            files.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
        paths = files.map(\.path).sorted()
        self.elsewhere = elsewhere
    }

    /// Whether a file is there, by a name that another file may have for it.
    func contains(_ name: String) -> Bool { RelativePath(name).map { files[$0] != nil } ?? false }

    /// The chosen file at a path; `nil` if it was left out or is not there.
    func file(_ path: RelativePath) -> ModelFile? { files[path] }

    /// The content of a JSON file, read once; `nil` where it is not there, too large, or no JSON.
    mutating func json(_ path: RelativePath) -> JSON? {
        if let known = documents[path] { return known == .null ? nil : known }
        var document = JSON.null
        if let file = files[path],
            let bytes = try? contents.document(file, limit: Self.documentLimit),
            let json = try? JSON.parse(bytes.span, nonFinite: true)
        {
            document = json
        }
        documents[path] = document
        return document == .null ? nil : document
    }

    /// The content of a Python file; `nil` where it is not there, too large, or cannot be read.
    func code(_ path: RelativePath) -> [UInt8]? {
        file(path).flatMap { try? contents.document($0, limit: Self.codeLimit) }
    }
}

extension String {
    /// The path of a file in this directory, which is empty for the top.
    func appending(file name: String) -> String { isEmpty ? name : "\(self)/\(name)" }

    /// The pattern of a file in this directory, in which the directory stands for itself.
    func appending(pattern name: String) -> String {
        isEmpty ? name : "\(FileRequirement.pattern(self))/\(name)"
    }
}
