import Formats
import Manifests
import Storage

/// What a file below `refs/` states.
struct HubRef {
    /// The revision's name, with "/".
    let name: String
    /// The commit, or `nil` if the text is not one.
    let commit: String?
    /// Whether the file holds the 40 digits and nothing else. hf_hub_download and snapshot_download take
    /// the text as it stands and fail on a line break; transformers takes it off.
    let isClean: Bool
}

extension HubFolder {
    /// A revision that was found, with what is wrong about the way to it.
    struct Resolved {
        /// The full commit, 40 hexadecimal digits.
        let commit: String
        /// Whether a branch or tag was followed, which may point elsewhere tomorrow.
        var isRef = false
        /// What is wrong about the way to it, and does not keep it from being used.
        var problems: [Snapshot.Problem] = []
    }

    /// The commit that a revision means, in the client's order: a full commit, a name below `refs/`; then
    /// the beginning of a commit.
    mutating func resolve(_ revision: String) throws(Diagnostics) -> Resolved {
        if let commit = Commit.prefix(revision), Commit.isFull(commit) {
            return Resolved(commit: commit)
        }
        if let ref = try ref(revision) {
            guard let commit = ref.commit else {
                throw Diagnostics(
                    Diagnostic(
                        code: .refMalformed,
                        "\(repository.id): refs/\(FileWalk.shown(revision)) in the cache holds no commit",
                        notes: known, fix: download(revision)))
            }
            guard commits.contains(commit) else { throw Diagnostics(dangling(ref, commit)) }
            return Resolved(commit: commit, isRef: true, problems: problems(ref))
        }
        if let prefix = Commit.prefix(revision) {
            let found = commits.filter { $0.utf8.starts(with: prefix.utf8) }
            if let commit = found.first, found.count == 1 { return Resolved(commit: commit) }
            if found.count > 1 {
                throw Diagnostics(
                    Diagnostic(
                        code: .revisionAmbiguous,
                        "\(repository.id): \(revision) is the beginning of \(found.count) cached commits",
                        notes: found, fix: "write more digits", verdict: .undecided))
            }
        }
        throw Diagnostics(notCached(revision))
    }

    /// The names below `refs/`, sorted, with what they say. What a killed client left is left out.
    mutating func refs() -> [HubRef] {
        guard let directory = try? enclosure.place("refs", in: path), directory.status.kind == .directory
        else { return [] }
        let words = FileWalk.Words(subject: repository.id, enclosure: "the cache", fix: "")
        let walk = FileWalk(
            of: directory.path, in: &enclosure, words: words,
            skips: { HubFolder.ignored.contains(Path.name($0)) || HubFolder.isTemporary($0) })
        return walk.files.map { HubFolder.read($0.place, name: $0.path.text) }
            .sorted { $0.name.precedesByBytes($1.name) }
    }

    /// Names that huggingface_hub ignores beside repositories, refs and snapshots, but not in a snapshot.
    static let ignored: Set<ExactName> = [".DS_Store", "Thumbs.db", "desktop.ini"]

    /// A ref is written as `<name>.<8 hexadecimal digits>.tmp` first.
    private static func isTemporary(_ name: String) -> Bool {
        let parts = name.utf8.split(separator: UInt8(ascii: "."))
        guard parts.count >= 3, let last = parts.last, last.isText("tmp") else { return false }
        let digits = String(Substring(parts[parts.count - 2]))
        return digits.utf8.count == 8 && Commit.prefix(digits) != nil
    }

    private mutating func ref(_ name: String) throws(Diagnostics) -> HubRef? {
        guard RelativePath.problem(name) == nil else { return nil }
        do throws(CacheSandbox.Refusal) {
            let place = try enclosure.place("refs/" + name, in: path)
            return place.status.kind == .file ? HubFolder.read(place, name: name) : nil
        } catch {
            switch error {
            case .missing: return nil
            case .leaves, .loops, .unreadable: return HubRef(name: name, commit: nil, isClean: false)
            }
        }
    }

    private static func read(_ place: CacheSandbox.Place, name: String) -> HubRef {
        guard let bytes = try? FileReader.contents(of: place.path, limit: 1024) else {
            return HubRef(name: name, commit: nil, isClean: false)
        }
        let text = String(decoding: bytes, as: UTF8.self)
        if Commit.isFull(text) { return HubRef(name: name, commit: text, isClean: true) }
        let isBlank = { (byte: UInt8) in byte == 0x20 || (0x09...0x0D).contains(byte) }
        let stripped = bytes.drop(while: isBlank).reversed().drop(while: isBlank).reversed()
        let commit = String(decoding: Array(stripped), as: UTF8.self)
        return HubRef(name: name, commit: Commit.isFull(commit) ? commit : nil, isClean: false)
    }
}

// What to say of revisions.
extension HubFolder {
    /// The revisions that are there, as notes.
    private var known: [String] {
        guard !commits.isEmpty else { return ["the cache has no revision of it"] }
        var copy = self
        let refs = copy.refs()
        let lines = commits.map { commit in
            let names = refs.filter { $0.commit == commit }.map { FileWalk.shown($0.name) }
            return names.isEmpty ? commit : "\(commit) (\(names.joined(separator: ", ")))"
        }
        let more = lines.count > 10 ? ["… and \(lines.count - 10) more"] : []
        return ["cached revisions:"] + lines.prefix(10) + more
    }

    /// What to say of a revision that neither a ref nor a commit of the cache is.
    func notCached(_ revision: String) -> Diagnostic {
        Diagnostic(
            code: .revisionNotCached,
            "\(repository.id): the revision \(FileWalk.shown(revision)) is not in the cache",
            notes: known, fix: download(revision), verdict: .undecided)
    }

    /// A ref whose snapshot is not there.
    func dangling(_ ref: HubRef, _ commit: String) -> Diagnostic {
        let name = FileWalk.shown(ref.name)
        if commits.isEmpty {
            return Diagnostic(
                code: .revisionNotCached, "\(repository.id): the cache has no files of it",
                notes: ["refs/\(name) states \(commit), as a download with --local-dir leaves it"],
                fix: "use source = \"path:…\" for that directory, or \(download(ref.name))",
                verdict: .undecided)
        }
        return Diagnostic(
            code: .refDangling,
            "\(repository.id): \(name) points at \(commit), of which the cache has no files",
            notes: known,
            fix: "\(download(ref.name)), or name one of the cached commits as the revision",
            verdict: .undecided)
    }

    /// What is wrong with the text of a ref that can be followed all the same.
    func problems(_ ref: HubRef) -> [Snapshot.Problem] {
        guard !ref.isClean else { return [] }
        let name = FileWalk.shown(ref.name)
        return [
            Snapshot.Problem(
                Diagnostic(
                    .warning, code: .refMalformed,
                    "\(repository.id): refs/\(name) in the cache has more than the commit in it",
                    notes: ["hf_hub_download and snapshot_download fail on a line break or a blank there"],
                    fix: download(ref.name)))
        ]
    }
}
