import Formats
import Manifests

/// The files of an entry as requirements are found in them, each JSON file read once.
///
/// What cannot be read asks for nothing here: ``ModelFacts/problems`` tell of it.
struct RequirementFiles {
    /// The chosen files' paths, sorted by their bytes.
    let paths: [String]
    /// Paths of the same revision that are not among the files, because they were left out or are not in the cache.
    let elsewhere: [String]
    private let files: [[UInt8]: ModelFile]
    private var documents: [[UInt8]: JSON] = [:]

    /// The largest JSON file that is read; tokenizers' configurations have up to some megabytes.
    private static let documentLimit = 1 << 25
    /// The largest Python file that is read.
    private static let codeLimit = 1 << 23

    /// Reads the files.
    let contents: ModelFileReader

    init(_ files: [ModelFile], _ contents: ModelFileReader, elsewhere: [String]) {
        self.contents = contents
        self.files = Dictionary(
            files.map { (Array($0.path.utf8), $0) }, uniquingKeysWith: { first, _ in first })
        paths = files.map(\.path).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        self.elsewhere = elsewhere
    }

    func contains(_ path: String) -> Bool { files[Array(path.utf8)] != nil }

    func file(_ path: String) -> ModelFile? { files[Array(path.utf8)] }

    mutating func json(_ path: String) -> JSON? {
        let key = Array(path.utf8)
        if let known = documents[key] { return known == .null ? nil : known }
        var document = JSON.null
        if let file = files[key],
            let bytes = try? contents.document(file, limit: Self.documentLimit),
            let json = try? JSON.parse(bytes.span, nonFinite: true)
        {
            document = json
        }
        documents[key] = document
        return document == .null ? nil : document
    }

    func code(_ path: String) -> [UInt8]? {
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
