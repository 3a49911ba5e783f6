import Storage
import Tensors

/// The files of a bundle that Knapsack itself makes. They follow from the plan alone.
struct GeneratedFiles {
    /// One file: its path in the bundle and its content.
    struct File {
        let path: String
        let bytes: [UInt8]
    }

    /// All of them, `SHA256SUMS` last, because it names the others.
    let all: [File]

    init(plan: Plan) throws {
        let texts =
            [
                ("README.md", BundleReadme(plan).text),
                (Lock.bundledName, plan.lock.text),
            ] + UploadMetadata(plan.lock.bundle).files.map { ($0.name, $0.text) }
        var files = texts.map { File(path: $0.0, bytes: Array($0.1.utf8)) }
        files.append(File(path: "knapsack.py", bytes: PackageResources.knapsack_py))
        var sums = plan.stored.map { ($0.path, $0.sha256) }
        // Kaggle keeps the metadata for itself: with a line for it, the mounted dataset would look damaged.
        for file in files where BundlePath.proved.contains(file.path) {
            sums.append((file.path, try ContentHasher.sha256(file.bytes.span)))
        }
        files.append(File(path: SumsFile.name, bytes: Array(SumsFile.text(sums).utf8)))
        all = files
    }
}

/// `SHA256SUMS`, in the form that `sha256sum -c` of GNU coreutils reads: 64 digits, two spaces, the path.
///
/// Paths in a bundle have no backslash and no newline, so that form's escapes are never needed.
enum SumsFile {
    static let name = "SHA256SUMS"

    static func text(_ sums: [(path: String, digest: SHA256Digest)]) -> String {
        sums.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
            .map { "\($0.digest)  \($0.path)\n" }.joined()
    }

    /// The digests by path, or `nil` where the bytes are not exactly what ``text(_:)`` writes for them.
    static func parse(_ bytes: [UInt8]) -> [String: SHA256Digest]? {
        var sums: [String: SHA256Digest] = [:]
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            let text = String(decoding: line, as: UTF8.self)
            guard let digest = SHA256Digest(hex: text.prefix(64)) else { return nil }
            sums[String(text.dropFirst(66))] = digest
        }
        return bytes == Array(self.text(sums.map { ($0.key, $0.value) }).utf8) ? sums : nil
    }
}

/// `dataset-metadata.json`, by which the kaggle command creates a dataset.
struct DatasetMetadata {
    static let name = "dataset-metadata.json"

    private let bundle: BundleSettings

    init(_ bundle: BundleSettings) { self.bundle = bundle }

    /// The members that the kaggle command reads (kaggle 2.2.5, `dataset_create_new`), two spaces a level.
    var text: String {
        var members: [JSON.Member] = [JSON.Member("title", .string(bundle.title))]
        if let owner = bundle.owner { members.append(JSON.Member("id", .string("\(owner)/\(bundle.name)"))) }
        if let subtitle = bundle.subtitle { members.append(JSON.Member("subtitle", .string(subtitle))) }
        members.append(JSON.Member("licenses", [["name": .string(bundle.license)]]))
        if !bundle.keywords.isEmpty {
            members.append(JSON.Member("keywords", .array(bundle.keywords.map(JSON.string))))
        }
        return JSON.object(members).prettyText + "\n"
    }
}
