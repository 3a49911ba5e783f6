import Synchronization
import TestSupport
import Testing

@testable import Bundles
@testable import Caches
@testable import Formats
@testable import Locking
@testable import Manifests
@testable import Storage

/// A bundle written by hand, with entries of every source, a file in segments and files proved in every way.
struct UnpackSample {
    static let commit = String(repeating: "a1", count: 20)
    static let treeCommit = String(repeating: "b2", count: 20)

    /// One file of an entry.
    struct File {
        let path: String
        let text: String
        var proof = Proof.none
        /// Where the parts of the content are stored: path, text. Stored at the natural path where empty.
        var parts: [(at: String, offset: Int, length: Int)] = []
    }

    /// One entry.
    struct Item {
        let name: String
        var kind = "model"
        var source = "path:x"
        var resolved: JSON = [:]
        var exclude: [String] = []
        var files: [File]
    }

    let directory: String
    var bundle: String { directory + "/bundle" }
    var target: String { directory + "/target" }

    static let weights = String(repeating: "weights ", count: 20)

    static func hub(_ id: String, _ ref: String, _ commit: String) -> JSON {
        [
            "hub": [
                "commit": .string(commit), "ref": .string(ref), "repo_id": .string(id), "repo_type": "model",
            ]
        ]
    }

    static func kaggle(_ handle: String, _ type: String) -> JSON {
        ["kaggle": ["handle": .string(handle), "type": .string(type)]]
    }

    static var items: [Item] {
        [
            Item(
                name: "bert", source: "hf:org/bert@main", resolved: hub("org/bert", "main", commit),
                files: [
                    File(path: "config.json", text: "{\"a\":1}", proof: .blobGit),
                    File(path: "model.safetensors", text: weights, proof: .blobSHA256),
                    File(path: "notes.txt", text: "nobody proved this"),
                    File(path: "sub/deep/config.json", text: "{\"a\":1}", proof: .blobGit),
                ]),
            Item(
                name: "copied", source: "hf:org/copied@refs/pr/1",
                resolved: hub("org/copied", "refs/pr/1", treeCommit),
                files: [
                    File(path: "README.md", text: "# A card\n", proof: .treeGit),
                    File(path: "model.safetensors", text: weights + "!", proof: .treeSHA256),
                ]),
            Item(
                name: "plain", kind: "files",
                files: [
                    File(path: "empty", text: ""),
                    File(
                        path: "merged.bin", text: "ghts weig{\"a\":1",
                        parts: [
                            ("models/bert/model.safetensors", 3, 9), ("models/bert/config.json", 0, 6),
                        ]),
                    File(path: "sub/data.bin", text: "some data"),
                ]),
            Item(
                name: "set", kind: "dataset", source: "kaggle-dataset:owner/set/versions/3",
                resolved: kaggle("owner/set/versions/3", "dataset"),
                files: [File(path: "data/train.csv", text: "id\n1\n")]),
            Item(
                name: "tuned", source: "kaggle:owner/model/pyTorch/tuned/2",
                resolved: kaggle("owner/model/pyTorch/tuned/2", "model"),
                files: [
                    File(path: "config.json", text: "{\"b\":2}"),
                    File(path: "sub/weights.bin", text: weights + "2"),
                ]),
        ]
    }

    init(in directory: String, _ items: [Item] = UnpackSample.items) throws {
        self.directory = directory
        var entries: [JSON] = []
        for item in items {
            var files: [JSON] = []
            for file in item.files {
                let bytes = Array(file.text.utf8)
                var record: [JSON.Member] = [
                    .init("path", .string(file.path)), .init("proof", .string(file.proof.rawValue)),
                    .init("sha256", .string(try ContentHasher.sha256(bytes.span).hex)),
                    .init("size", .integer(bytes.count)),
                ]
                if file.parts.isEmpty {
                    let folder = ["files": "files", "dataset": "datasets"][item.kind] ?? "models"
                    let isSafe = RelativePath("\(item.name)/\(file.path)") != nil
                    if isSafe { try writeFile("\(bundle)/\(folder)/\(item.name)/\(file.path)", bytes) }
                } else {
                    let segments = file.parts.map { part -> JSON in
                        [
                            "at": .string(part.at), "length": .integer(part.length),
                            "offset": .integer(part.offset),
                        ]
                    }
                    record.append(.init("segments", .array(segments)))
                }
                files.append(.object(record))
            }
            var asked: [JSON.Member] = [.init("source", .string(item.source))]
            if !item.exclude.isEmpty { asked.append(.init("exclude", .array(item.exclude.map(JSON.string)))) }
            entries.append([
                "name": .string(item.name), "kind": .string(item.kind), "asked": .object(asked),
                "resolved": item.resolved, "files": .array(files),
            ])
        }
        let lock: JSON = [
            "version": 1,
            "bundle": ["dedup": "tensor", "license": "other", "name": "sample", "title": "Sample"],
            "entries": .array(entries),
        ]
        try writeFile(bundle + "/knapsack.lock", lock.compactText)
    }

    func unpacker(
        _ form: UnpackTarget.Form, content: (any BundleContent)? = nil, entries: Set<ExactName>? = nil
    ) throws -> Unpacker {
        let directory = try DirectoryContent(bundle)
        return try Unpacker(
            content ?? directory, to: [UnpackTarget(form, target)], entries: entries, bundle: directory.path)
    }

    @discardableResult
    func unpack(_ form: UnpackTarget.Form, entries: Set<ExactName>? = nil) async throws -> UnpackReceipt {
        try await unpacker(form, entries: entries).unpack { _ in }
    }

    /// What an unpack that must fail said.
    func problems(_ form: UnpackTarget.Form) async throws -> [Diagnostic] {
        do {
            let receipt = try await unpack(form)
            return receipt.findings
        } catch let error as Diagnostics {
            return error.all
        }
    }

    /// Everything below a directory: files with their text, links with "-> text".
    func tree(_ path: String? = nil) throws -> [String: String] {
        var found: [String: String] = [:]
        func walk(_ folder: String) throws {
            for name in try Directory.names(in: Path.join(path ?? target, folder)) {
                let relative = folder.isEmpty ? name : "\(folder)/\(name)"
                let full = Path.join(path ?? target, relative)
                switch try FileStatus.status(of: full).kind {
                case .directory: try walk(relative)
                case .link: found[relative] = "-> " + (try Directory.linkText(full))
                default: found[relative] = String(decoding: try contents(full), as: UTF8.self)
                }
            }
        }
        if try FileStatus.existing(path ?? target) != nil { try walk("") }
        return found
    }

    static func gitBlob(_ text: String) throws -> String {
        let bytes = Array(text.utf8)
        var hasher = try ContentHasher(gitBlobLength: bytes.count)
        try hasher.update(bytes.span)
        return try #require(try hasher.finish().gitBlob).hex
    }

    static func sha256(_ text: String) throws -> String {
        try ContentHasher.sha256(Array(text.utf8).span).hex
    }
}

/// A bundle whose reading fails after some calls, as if the process were killed there.
final class FailingContent: BundleContent {
    struct Killed: Error {}

    private let content: DirectoryContent
    private let left: Mutex<Int>
    var name: String { content.name }

    init(_ path: String, after calls: Int) throws {
        content = try DirectoryContent(path)
        left = Mutex(calls)
    }

    func size(of path: RelativePath) throws -> Int? { try content.size(of: path) }

    func read(
        _ path: RelativePath, _ range: Range<Int>, into buffer: inout Buffer,
        _ block: (Span<UInt8>) throws -> Void
    ) throws {
        let isOver = left.withLock { left in
            left -= 1
            return left < 0
        }
        if isOver { throw Killed() }
        try content.read(path, range, into: &buffer, block)
    }
}
