import Formats
import Storage

/// What a signature of a model states: an in-toto Statement 1 whose predicate lists every file with its digest.
///
/// Source of the format: OpenSSF Model Signing 1.0, sections 5 and 6.
struct ModelStatement: Equatable {
    /// The `_type` of an in-toto Statement, version 1.
    static let type = "https://in-toto.io/Statement/v1"
    /// The `predicateType` of OpenSSF Model Signing 1.0.
    static let predicateType = "https://model_signing/signature/v1.0"
    /// What no signature covers unless it states otherwise (section 6.2).
    static let gitPaths: [RelativePath] = [".git", ".gitattributes", ".github", ".gitignore"]

    /// One signed file.
    struct File: Equatable {
        /// Its path below the model's directory; `nil` for the model itself, where that is one file that is signed as ".".
        let path: RelativePath?

        /// Its path for messages and in the statement.
        var name: String { path?.text ?? "." }

        /// The digest of all of it, or one for each shard.
        let digests: [[UInt8]]
        /// The size in bytes, which only the names of shards tell.
        let size: Int?
    }

    /// The model's name, for information only.
    let name: String
    /// The files, sorted by the bytes of their paths.
    let files: [File]
    /// By which function the digests of files or shards were made.
    let hash: ModelHash
    /// The length of shards in bytes; `nil` where files are hashed whole.
    let shardSize: Int?
    /// Whether links were followed and signed as what they lead to.
    let followsLinks: Bool
    /// Paths that are not signed, with everything below them.
    let ignoredPaths: [RelativePath]
    /// Whether the resources stood in the order that the format demands, or in the one that model_signing has.
    var isInOrder = true

    /// States files by the SHA-256 of all of each, links not followed: what Knapsack itself signs.
    init(name: String, files: [File], ignoredPaths: [RelativePath]) {
        self.name = name
        self.files = files.sorted { $0.name.precedesByBytes($1.name) }
        self.ignoredPaths = ignoredPaths.sorted()
        hash = .sha256
        shardSize = nil
        followsLinks = false
    }

    /// Whether a path is not signed, itself or as part of a directory; the paths of git never are.
    func ignores(_ path: RelativePath) -> Bool {
        (ignoredPaths + ModelStatement.gitPaths).contains { path == $0 || path.isInside($0) }
    }

    /// The statement's text as it is signed: one line of JSON that follows from the files alone.
    func text() throws(HashingFailure) -> String {
        let resources = files.map { file -> JSON in
            [
                "name": .string(file.name), "digest": .string(Hex.text(file.digests.joined())),
                "algorithm": .string(hash.rawValue),
            ]
        }
        let root = try ContentHasher.sha256(Array(files.map(\.digests).joined().joined()).span)
        let serialization: JSON = [
            "method": "files", "hash_type": .string(hash.rawValue), "allow_symlinks": .bool(followsLinks),
            "ignore_paths": .array(ignoredPaths.map { .string($0.text) }),
        ]
        let document: JSON = [
            "_type": .string(ModelStatement.type),
            "subject": [["name": .string(name), "digest": ["sha256": .string(root.hex)]]],
            "predicateType": .string(ModelStatement.predicateType),
            "predicate": ["resources": .array(resources), "serialization": serialization],
        ]
        return document.compactText
    }
}
