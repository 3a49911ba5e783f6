import Formats
import Manifests
import Storage

// What goes wrong in a cache without a word from the clients.
extension HubFolder {
    /// Downloads that were killed: their content stays under a name that nothing reads any more.
    mutating func interrupted(
        _ listing: TreeListing?, present: Set<RelativePath>, _ commit: String
    ) -> [Snapshot.Problem] {
        guard let blobs = try? enclosure.place("blobs", in: path),
            let names = try? Directory.names(in: blobs.path)
        else { return [] }
        let complete = Set(exactly: names)
        // A download that was repeated with success leaves the first try behind.
        let left = names.filter { name in
            IncompleteDownload.isIncomplete(name) && !complete.contains(IncompleteDownload.etag(name) ?? "")
        }
        return IncompleteDownload.problems(
            left, listing, present: present, subject: repository.id, fix: download(commit))
    }

    /// Files that are there though `.no_exist` states that the repository has none such.
    mutating func denied(present: Set<RelativePath>, _ commit: String) -> [Snapshot.Problem] {
        guard let directory = try? enclosure.place(".no_exist/" + commit, in: path),
            directory.status.kind == .directory
        else { return [] }
        let words = FileWalk.Words(subject: repository.id, enclosure: "the cache", fix: "")
        let walk = FileWalk(of: directory.path, in: &enclosure, words: words)
        return walk.files.filter { present.contains($0.path) }.map { file in
            Snapshot.Problem(
                Diagnostic(
                    code: .noExistStale,
                    "\(repository.id): the cache states that \(FileWalk.shown(file.path)) exists, and that it does not",
                    notes: ["transformers believes the second; the bundle leaves it out"],
                    fix: "delete \(FileWalk.shown(file.place.path))"),
                [file.path.text])
        }
    }

    /// A branch that moved on to a commit of which only a configuration was fetched, while the weights are stored
    /// in an older snapshot that no call finds any more.
    mutating func moved(_ ref: String, _ snapshot: Snapshot, _ commit: String) -> [Snapshot.Problem] {
        guard snapshot.files.allSatisfy({ HubFolder.isDescription($0.path) }) else { return [] }
        let words = FileWalk.Words(subject: repository.id, enclosure: "the cache", fix: "")
        var found: [(commit: String, content: [RelativePath])] = []
        for other in commits where other != commit {
            guard let place = try? enclosure.place("snapshots/" + other, in: path) else { continue }
            let walk = FileWalk(of: place.path, in: &enclosure, words: words)
            let content = walk.files.map(\.path).filter(HubFolder.isContent)
            if !content.isEmpty { found.append((other, content)) }
        }
        guard let best = found.max(by: { $0.content.count < $1.content.count }) else { return [] }
        let name = FileWalk.shown(ref)
        let source = "\(snapshot.scheme):\(repository.id)@\(best.commit)"
        let files = snapshot.files.prefix(3).map { FileWalk.shown($0.path) }.joined(separator: ", ")
        return [
            Snapshot.Problem(
                Diagnostic(
                    code: .refMoved,
                    "\(repository.id): \(name) points at a commit of which the cache has no weights or data",
                    notes: ["\(commit) has \(snapshot.files.isEmpty ? "nothing" : "\(files) only")"]
                        + found.prefix(5).map { "\($0.commit) has \(FileWalk.shown($0.content[0]))" },
                    fix: "source = \"\(source)\", or \(download(ref))"),
                best.content.map(\.text))
        ]
    }

    /// Whether a file is what a repository is for, weights or data, by its name.
    static func isContent(_ path: RelativePath) -> Bool { contentSuffixes.contains(suffix(path)) }

    /// Whether a file only describes or configures: what a call fetches that loads nothing.
    private static func isDescription(_ path: RelativePath) -> Bool {
        descriptionSuffixes.contains(suffix(path))
    }

    /// What follows the name's last ".", in lowercase; the name where it has none.
    private static func suffix(_ path: RelativePath) -> String {
        (path.pathExtension ?? path.name).lowercased()
    }

    private static let descriptionSuffixes: Set<ExactName> = [
        "json", "txt", "md", "py", "jinja", "model", "yaml", "yml", "toml", "gitattributes", "gitignore",
        "license",
    ]

    private static let contentSuffixes: Set<ExactName> = [
        "safetensors", "bin", "pt", "pth", "ckpt", "gguf", "ggml", "onnx", "h5", "keras", "msgpack", "pb",
        "tflite", "pkl", "pickle", "joblib", "npz", "npy", "nemo", "engine", "mlmodel", "parquet", "arrow",
        "csv", "jsonl", "tar", "zip", "gz", "zst",
    ]
}

extension Snapshot {
    /// The scheme of a source that names it.
    fileprivate var scheme: String {
        switch origin {
        case .hub(let repository, let ref, _): Source.hub(repository, revision: ref).scheme.rawValue
        case .kaggle(let handle): Source.kaggle(handle).scheme.rawValue
        case .registry: Source.Scheme.registry.rawValue
        case .path, .conversion: Source.Scheme.path.rawValue
        }
    }
}

/// Content of downloads that were killed (huggingface_hub, `_download_to_tmp_and_move`).
enum IncompleteDownload {
    /// Whether a file's name states that a download did not end.
    static func isIncomplete(_ name: String) -> Bool {
        name.utf8.ends(with: ".incomplete")
    }

    /// The ETag in the name: the part of 40 or 64 hexadecimal digits.
    static func etag(_ name: String) -> String? {
        name.utf8.split(separator: UInt8(ascii: ".")).map { String(Substring($0)) }
            .first { Evidence(etag: $0, .blob) != nil }
    }

    /// What to say of such files.
    /// - Parameter present: the paths that the snapshot has.
    static func problems(
        _ names: [String], _ listing: TreeListing?, present: Set<RelativePath>, subject: String, fix: String
    ) -> [Snapshot.Problem] {
        guard !names.isEmpty else { return [] }
        var paths: [ExactName: [RelativePath]] = [:]
        for (path, file) in listing?.files ?? [:] {
            if let hash = file.sha256?.hex ?? file.gitBlob?.hex { paths[hash, default: []].append(path) }
        }
        var lost: [RelativePath] = []
        var notes: [String] = []
        for name in names {
            let meant = (etag(name).flatMap { paths[$0] } ?? []).filter { !present.contains($0) }
            if listing != nil, meant.isEmpty { continue }
            lost += meant
            let shown = meant.sorted().map { FileWalk.shown($0) + ": " }.joined()
            notes.append(shown + FileWalk.shown(name))
        }
        let isOther = notes.isEmpty
        if isOther { notes = names.map(FileWalk.shown) }
        let more = notes.count > 5 ? ["… and \(notes.count - 5) more"] : []
        let message =
            isOther
            ? "the cache has what is left of an interrupted download, of another revision or an old one"
            : "a download was interrupted, so that files may be missing"
        return [
            Snapshot.Problem(
                Diagnostic(
                    isOther ? .note : .warning, code: .downloadInterrupted, "\(subject): \(message)",
                    notes: notes.prefix(5) + more,
                    fix: isOther ? nil : fix),
                lost.map(\.text))
        ]
    }
}
