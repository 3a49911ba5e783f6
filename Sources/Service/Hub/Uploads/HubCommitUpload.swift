import Catalogue
import Formats
import Manifests
import ModelFacts
import Storage

/// Takes a commit: one JSON object a line, first what it is called, then what it does to each path. It is there when all of it
/// came and was looked at, and not before.
struct HubCommitUpload {
    private let store: RepositoryStore
    private let repository: StoredRepository
    private let branch: String
    private let reader: HubReader

    /// The most bytes of a line: a file of the size from which on it is large, in Base64.
    private static let lineLimit = 20 << 20
    /// The most lines.
    private static let operationLimit = 100_000
    private static let titleLimit = 1000
    private static let messageLimit = 100_000
    /// Up to so many files each is waited for until it is on the disk: more than that take less time all together.
    private static let fewFiles = 16
    /// How often a commit is tried again that names no parent, while others are made.
    private static let attempts = 20

    /// Content that came in the commit itself.
    private struct Taken {
        let file: RepositoryFile
        let incoming: IncomingContent
        let content: StoredContent
    }

    private struct Draft {
        var title = ""
        var message = ""
        var parent: String?
        var changes: [RepositoryChange] = []
        var taken: [Taken] = []
        /// Keeps large files from being swept while they are looked for.
        var holds: [ContentHold] = []
    }

    /// Commits to a branch.
    init(
        _ store: RepositoryStore, _ repository: StoredRepository, _ branch: String, _ reader: HubReader
    ) {
        self.store = store
        self.repository = repository
        let head = "refs/heads/"
        self.branch =
            branch.hasUTF8Prefix(head) ? String(branch.utf8.dropFirst(head.utf8.count)) ?? branch : branch
        self.reader = reader
    }

    /// Takes one.
    func take(_ request: Request) throws(HubRefusal) -> Response {
        if let wish = request.head.target.first("create_pr"), ["1", "true"].containsExactly(wish) {
            throw HubRefusal(400, nil, "this server has no pull requests: commit to a branch")
        }
        do {
            // Before a body is read that could be of no use.
            let refs = try store.refs(repository)
            guard refs.contains(where: { $0.name.hasSameBytes(as: branch) && !$0.isTag }) else {
                throw HubRefusal(
                    404, "RevisionNotFound",
                    "\(repository.repository.id) has no branch \(branch.withVisibleScalars)")
            }
            var draft = Draft()
            try read(request.body, into: &draft)
            try review(draft)
            let kept = try keep(draft.taken)
            let commit = try publish(draft, kept)
            let folder =
                repository.repository.kind == .model ? "" : "\(repository.repository.kind.rawValue)s/"
            let base = request.base
            return .json([
                "success": true, "commitOid": .string(commit.name),
                "commitUrl": .string("\(base)/\(folder)\(repository.repository.id)/commit/\(commit.name)"),
                "hookOutput": "",
            ])
        } catch let problem as RepositoryStore.Problem {
            throw HubRefusal(problem)
        } catch {
            throw HubRefusal(keeping: error)
        }
    }

    // MARK: Lines

    private func read(_ body: RequestBody, into draft: inout Draft) throws {
        var lines = LineReader(body, limit: HubCommitUpload.lineLimit)
        var count = 0
        while let line = try lines.next() {
            if line.allSatisfy({ $0 == 0x20 || $0 == 0x0D || $0 == 0x09 }) { continue }
            guard count <= HubCommitUpload.operationLimit else {
                throw HubRefusal(
                    413, nil, "a commit has more than \(HubCommitUpload.operationLimit) operations")
            }
            guard let json = try? JSON.parse(line), let key = json["key"]?.string, let value = json["value"]
            else { throw HubRefusal(400, nil, "line \(count + 1) of the commit is no operation") }
            guard (count == 0) == (key == "header") else {
                throw HubRefusal(400, nil, "a commit begins with its header, and has no other one")
            }
            try add(key, value, to: &draft)
            count += 1
        }
        guard count > 0 else { throw HubRefusal(400, nil, "the commit is empty") }
    }

    private func add(_ key: String, _ value: JSON, to draft: inout Draft) throws {
        func path() throws(HubRefusal) -> RelativePath {
            try HubPreupload.path(value["path"]?.string ?? "")
        }
        switch key {
        case "header":
            draft.title = value["summary"]?.string ?? ""
            draft.message = value["description"]?.string ?? ""
            draft.parent = value["parentCommit"]?.string
            guard draft.title.utf8.count <= HubCommitUpload.titleLimit,
                draft.message.utf8.count <= HubCommitUpload.messageLimit
            else { throw HubRefusal(413, nil, "the message of the commit is too long") }
        case "file":
            let path = try path()
            let text = value["content"]?.string ?? ""
            let bytes =
                value["encoding"]?.string == "base64" ? Base64.bytes(text, .standard) : Array(text.utf8)
            guard let bytes else { throw HubRefusal(400, nil, "the content of \(path) is no Base64") }
            let incoming = try store.contents.receive(checksum: false)
            try incoming.write(bytes.span)
            let content = try incoming.finish(waits: draft.taken.count < HubCommitUpload.fewFiles)
            let file = RepositoryFile(
                path: path, sha256: content.sha256, size: content.size,
                git: try GitObject.name(.blob, bytes))
            draft.taken.append(Taken(file: file, incoming: incoming, content: content))
            draft.changes.append(.file(file))
        case "lfsFile":
            let path = try path()
            guard value["algo"]?.string ?? "sha256" == "sha256",
                let digest = value["oid"]?.string.flatMap({ SHA256Digest(hex: $0) })
            else { throw HubRefusal(400, nil, "\(path) has no SHA-256") }
            draft.holds.append(store.contents.hold([digest]))
            guard let size = try store.available([digest], to: reader.user)[digest] else {
                throw HubRefusal(
                    400, nil, "the content of \(path) has not come: it has to be sent before the commit")
            }
            guard value["size"]?.integer ?? size == size else {
                throw HubRefusal(400, nil, "\(path) has \(size) bytes, and another size is stated")
            }
            draft.changes.append(.file(try RepositoryFile(large: path, sha256: digest, size: size)))
        case "deletedFile": draft.changes.append(.removal(try path()))
        case "deletedFolder":
            let text = value["path"]?.string ?? ""
            let end = text.hasUTF8Suffix("/") ? 1 : 0
            draft.changes.append(
                .folderRemoval(try HubPreupload.path(String(text.utf8.dropLast(end)) ?? "")))
        default:
            throw HubRefusal(400, nil, "the operation \(key.withVisibleScalars.prefix(100)) is not known")
        }
    }

    // MARK: Looking

    /// Refuses what a version of the registry would be refused for.
    private func review(_ draft: Draft) throws {
        var files: [RelativePath: ModelFile] = [:]
        for case .file(let file) in draft.changes {
            files[file.path] = ModelFile(
                path: file.path, location: store.contents.path(of: file.sha256), size: file.size)
        }
        for one in draft.taken where files[one.file.path]?.size == one.content.size {
            files[one.file.path] = ModelFile(
                path: one.file.path, location: one.incoming.path, size: one.content.size)
        }
        let review = UploadReview(files.values.sorted { $0.path < $1.path })
        guard review.refusals.isEmpty else {
            throw HubRefusal(400, nil, "refused: \(review.refusals.prefix(5).joined(separator: "; "))")
        }
    }

    // MARK: Publishing

    private func keep(_ taken: [Taken]) throws -> [KeptContent] {
        taken.count > HubCommitUpload.fewFiles
            ? try store.keep(taken.map { ($0.incoming, $0.content) })
            : try taken.map { try store.keep($0.incoming, $0.content) }
    }

    private func publish(_ draft: Draft, _ kept: [KeptContent]) throws -> RepositoryCommit {
        let text = CommitText(title: draft.title, message: draft.message, author: reader.author)
        for _ in 0..<HubCommitUpload.attempts {
            guard let head = try store.commit(repository, "refs/heads/\(branch)") else {
                throw RepositoryStore.Problem.missing
            }
            if let parent = draft.parent, !parent.hasSameBytes(as: head.name) {
                throw RepositoryStore.Problem.moved(to: head.name)
            }
            let added = try attributes(draft, try store.files(head))
            let changes = draft.changes + (added.map { [.file($0.file)] } ?? [])
            let contents = kept + (added.map { [$0.kept] } ?? [])
            do throws(RepositoryStore.Problem) {
                return try store.commit(
                    repository, branch: branch, parent: head.name, changes, contents, text)
            } catch {
                guard case .moved = error, draft.parent == nil else { throw error }
            }
        }
        throw HubRefusal(409, nil, "too many commits are made at once: try again")
    }

    /// What has to be added to `.gitattributes` so that git would take the large files for what they are, as the Hub adds it.
    private func attributes(_ draft: Draft, _ present: [RepositoryFile]) throws -> (
        file: RepositoryFile, kept: KeptContent
    )? {
        var current = present.first { $0.path == ".gitattributes" }
        for change in draft.changes {
            if case .file(let file) = change, file.path == ".gitattributes" { current = file }
            if case .removal(".gitattributes") = change { current = nil }
        }
        var text = HubPreupload.text(current, store) ?? ""
        let patterns = GitPatterns.large(text)
        var missing: [RelativePath] = []
        var steps = GitPatterns.steps
        for case .file(let file) in draft.changes where file.isLarge {
            do throws(GitPatterns.TooMuch) {
                if try !patterns.contains(file.path, steps: &steps) { missing.append(file.path) }
            } catch {
                throw HubPreupload.tooMuch
            }
        }
        guard !missing.isEmpty, current?.isLarge != true else { return nil }
        if !text.isEmpty, text.utf8.last != 0x0A { text += "\n" }
        for path in Set(missing).sorted() {
            text += StandardAttributes.line(StandardAttributes.pattern(path))
        }
        return try store.keep(Array(text.utf8), at: ".gitattributes")
    }
}

/// The lines of a body, each at most so long.
private struct LineReader {
    private let body: RequestBody
    private let limit: Int
    private var pending: [UInt8] = []
    private var seen = 0
    private var hasEnded = false

    init(_ body: RequestBody, limit: Int) {
        self.body = body
        self.limit = limit
    }

    /// The next line without its end; `nil` after the last one.
    mutating func next() throws -> [UInt8]? {
        while true {
            if let end = pending[seen...].firstIndex(of: 0x0A) {
                let line = Array(pending[..<end])
                pending.removeSubrange(...end)
                seen = 0
                return line
            }
            seen = pending.count
            guard seen <= limit else {
                throw HubRefusal(
                    413, nil, "a line of the commit has more than \(limit) bytes: such files are sent before")
            }
            if hasEnded {
                defer { pending = [] }
                seen = 0
                return pending.isEmpty ? nil : pending
            }
            let bytes = try body.next()
            if bytes.isEmpty { hasEnded = true }
            pending += bytes
        }
    }
}
