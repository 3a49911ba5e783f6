import Catalogue
import Formats
import Manifests
import ModelFacts
import Storage

/// Takes what the official client uploads and changes: repositories, commits, branches and tags.
struct HubUploads: Sendable {
    private let store: RepositoryStore
    private let shelf: HubShelf
    private let large: LargeFiles

    /// What a person has to do who wants to upload with hf_xet installed, as an address.
    private static let xetHint = "set-HF_HUB_DISABLE_XET=1-to-upload-to-this-server"

    /// The most bytes of a question that is JSON.
    private static let bodyLimit = 8 << 20

    /// Keeps uploads in a catalogue.
    init(_ store: RepositoryStore, _ shelf: HubShelf) {
        self.store = store
        self.shelf = shelf
        large = LargeFiles(store)
    }

    /// The answer to a request that changes something, or belongs to a change; `nil` for every other one.
    func answer(_ segments: [String], _ request: Request, _ reader: HubReader) -> Response? {
        do throws(HubRefusal) {
            switch segments {
            case ["api", "repos", "create"]:
                try HubUploads.take("POST", request)
                return try create(request, reader)
            case ["api", "repos", "delete"]:
                try HubUploads.take("DELETE", request)
                return try delete(request, reader)
            case ["api", "repos", "move"]:
                try HubUploads.take("POST", request)
                return try move(request, reader)
            case [HubUploads.xetHint]:
                throw HubRefusal(501, nil, "this server takes large files by git-lfs")
            case ["api", "validate-yaml"]:
                try HubUploads.take("POST", request)
                return try validate(request)
            default: break
            }
            if let (repository, rest) = HubUploads.largeFilePath(segments) {
                return try large.answer(try writable(repository, reader), rest, request, reader)
            }
            guard segments.count >= 5, segments[0] == "api", let kind = HubUploads.kind(segments[1]) else {
                return nil
            }
            let repository = try HubUploads.repository(kind, "\(segments[2])/\(segments[3])")
            return try answer(repository, segments[4], Array(segments[5...]), request, reader)
        } catch {
            return error.response
        }
    }

    private func answer(
        _ repository: HubRepository, _ verb: String, _ rest: [String], _ request: Request,
        _ reader: HubReader
    ) throws(HubRefusal) -> Response? {
        let name = rest.joined(separator: "/")
        switch verb {
        case "preupload":
            try HubUploads.take("POST", request)
            let stored = try writable(repository, reader)
            return try HubPreupload(store, stored, name).answer(try HubUploads.json(request))
        case "commit":
            try HubUploads.take("POST", request)
            let stored = try writable(repository, reader)
            return try HubCommitUpload(store, stored, name, reader).take(request)
        case "branch", "tag":
            return try changeRef(try writable(repository, reader), name, isTag: verb == "tag", request)
        case "settings":
            try HubUploads.take("PUT", request)
            return try changeSettings(try writable(repository, reader), try HubUploads.json(request))
        case "xet-write-token", "xet-read-token":
            // hf_xet shows neither the body of a refusal nor its fields, but the address that was refused.
            return Response(307).with("Location", "\(request.base)/\(HubUploads.xetHint)")
        default: return nil
        }
    }

    // MARK: Repositories

    private func create(_ request: Request, _ reader: HubReader) throws(HubRefusal) -> Response {
        let body = try HubUploads.json(request)
        let repository = try HubUploads.named(body, reader)
        try mayWrite(repository, reader)
        let isPrivate =
            body["visibility"]?.string.map { $0.hasSameBytes(as: "private") } ?? body["private"]?.bool
            ?? false
        let address = HubUploads.address(repository, request)
        do {
            let text = StandardAttributes.text(isDataset: repository.kind == .dataset)
            let (file, kept) = try store.keep(Array(text.utf8), at: ".gitattributes")
            try store.create(
                repository, isPrivate: isPrivate, files: [file], [kept], author: reader.author)
        } catch RepositoryStore.Problem.exists {
            return Response.json(
                [
                    "error": .string("there is a repository \(repository.id) already"),
                    "url": .string(address),
                ], status: 409)
        } catch let problem as RepositoryStore.Problem {
            throw HubRefusal(problem)
        } catch {
            throw HubRefusal(keeping: error)
        }
        return .json(["url": .string(address), "name": .string(repository.id), "id": .string(repository.id)])
    }

    private func delete(_ request: Request, _ reader: HubReader) throws(HubRefusal) -> Response {
        let repository = try HubUploads.named(try HubUploads.json(request), reader)
        let stored = try writable(repository, reader)
        do throws(RepositoryStore.Problem) { try store.delete(stored) } catch { throw HubRefusal(error) }
        return HubUploads.hiding(repository, .json([:]))
    }

    private func move(_ request: Request, _ reader: HubReader) throws(HubRefusal) -> Response {
        let body = try HubUploads.json(request)
        let kind = HubRepository.Kind(rawValue: body["type"]?.string ?? "model") ?? .model
        let from = try HubUploads.repository(kind, body["fromRepo"]?.string ?? "")
        let to = try HubUploads.repository(kind, body["toRepo"]?.string ?? "")
        let stored = try writable(from, reader)
        try mayWrite(to, reader)
        do throws(RepositoryStore.Problem) {
            try store.rename(stored, to: to)
        } catch {
            throw HubRefusal(error)
        }
        return HubUploads.hiding(from, .json([:]))
    }

    /// An answer after which others see a repository no more, or not under this name.
    private static func hiding(_ repository: HubRepository, _ response: Response) -> Response {
        var response = response
        response.hides = [MarketModel.id(of: repository)]
        return response
    }

    private func changeSettings(_ stored: StoredRepository, _ body: JSON) throws(HubRefusal) -> Response {
        if let gated = body["gated"], gated != false {
            throw HubRefusal(400, nil, "this server has no gated repositories: make it private instead")
        }
        let visibility = body["visibility"]?.string
        guard
            let isPrivate = visibility.map({ $0.hasSameBytes(as: "private") }) ?? body["private"]?.bool
        else { return .json([:]) }
        guard visibility.map({ ["private", "public"].containsExactly($0) }) ?? true else {
            throw HubRefusal(400, nil, "a repository is public or private")
        }
        do throws(RepositoryStore.Problem) {
            try store.set(stored, isPrivate: isPrivate)
        } catch {
            throw HubRefusal(error)
        }
        let response = Response.json(["private": .bool(isPrivate)])
        return isPrivate ? HubUploads.hiding(stored.repository, response) : response
    }

    // MARK: Branches and tags

    private func changeRef(
        _ stored: StoredRepository, _ name: String, isTag: Bool, _ request: Request
    ) throws(HubRefusal) -> Response {
        switch request.head.method {
        case "POST":
            let body = try HubUploads.json(request)
            // A tag is made at the revision in the path, and named in the body.
            let made = isTag ? body["tag"]?.string ?? "" : name
            if let problem = HubUploads.problem(inRef: made) {
                throw HubRefusal(400, nil, "the name of a branch or a tag \(problem)")
            }
            let start = isTag ? name : body["startingPoint"]?.string ?? "main"
            do throws(RepositoryStore.Problem) {
                try store.addRef(stored, made, at: start, isTag: isTag)
            } catch {
                throw HubRefusal(error)
            }
        case "DELETE":
            guard isTag || !name.hasSameBytes(as: "main") else {
                throw HubRefusal(403, nil, "the branch main cannot be deleted")
            }
            do throws(RepositoryStore.Problem) {
                try store.removeRef(stored, name, isTag: isTag)
            } catch {
                throw HubRefusal(error)
            }
        default: throw HubRefusal.method(["POST", "DELETE"])
        }
        return .json([:])
    }

    /// Why a text is no name for a branch or a tag, as a clause after it; `nil` where it is one.
    private static func problem(inRef name: String) -> String? {
        if let problem = HubRepository.problem(inRevision: name) { return problem }
        if name.hasUTF8Prefix("refs/") { return "begins with \"refs/\"" }
        return GitBlobDigest(hex: name) == nil ? nil : "is that of a commit"
    }

    // MARK: Cards

    private func validate(_ request: Request) throws(HubRefusal) -> Response {
        let body = try HubUploads.json(request)
        do throws(ModelCard.Problem) {
            let card = try ModelCard.parse(Array((body["content"]?.string ?? "").utf8))
            let warnings: [JSON] =
                card == nil ? [["message": "empty or missing yaml metadata in repo card"]] : []
            return .json(["errors": [], "warnings": .array(warnings)])
        } catch {
            let line = error.line.map { " (line \($0))" } ?? ""
            return .json(
                ["errors": [["message": .string(error.message + line)]], "warnings": []], status: 400)
        }
    }

    // MARK: Rights

    /// A repository that the reader may change.
    private func writable(
        _ repository: HubRepository, _ reader: HubReader
    ) throws(HubRefusal) -> StoredRepository {
        let found: StoredRepository?
        do throws(Diagnostics) {
            found = try shelf.stored(repository, reader)
        } catch {
            throw HubRefusal(500, nil, "the catalogue cannot be read")
        }
        guard let found else {
            guard shelf.has(repository, reader) else {
                throw HubRefusal(
                    404, "RepoNotFound", "there is no repository \(repository.id) on this server")
            }
            throw HubRefusal(
                403, nil,
                "\(repository.id) is not a repository that was made on this server: it cannot be changed")
        }
        try mayWrite(repository, reader)
        return found
    }

    private func mayWrite(_ repository: HubRepository, _ reader: HubReader) throws(HubRefusal) {
        let owner = Path.parent(repository.id)
        guard reader.mayWrite(owner) else {
            throw HubRefusal(403, nil, "the token does not allow to change what belongs to \(owner)")
        }
    }

    // MARK: Questions

    private static func kind(_ segment: String) -> HubRepository.Kind? {
        switch segment {
        case "models": .model
        case "datasets": .dataset
        case "spaces": .space
        default: nil
        }
    }

    private static func repository(
        _ kind: HubRepository.Kind, _ id: String
    ) throws(HubRefusal) -> HubRepository {
        guard id.utf8.contains(UInt8(ascii: "/")), HubRepository.problem(inID: id) == nil else {
            throw HubRefusal(
                400, nil, "a repository is called OWNER/NAME, of letters, digits, '-', '_' and '.'")
        }
        return HubRepository(kind: kind, id: id)
    }

    /// The repository that a question names by its parts; without an owner it is the reader's.
    private static func named(_ body: JSON, _ reader: HubReader) throws(HubRefusal) -> HubRepository {
        guard let name = body["name"]?.string,
            let kind = HubRepository.Kind(rawValue: body["type"]?.string ?? "model"), kind != .kernel
        else { throw HubRefusal(400, nil, "the question names no repository") }
        let owner = body["organization"]?.string ?? reader.holder?.name ?? "knapsack"
        return try repository(kind, name.utf8.contains(UInt8(ascii: "/")) ? name : "\(owner)/\(name)")
    }

    /// `ORG/NAME.git/info/lfs/…`, with `datasets/` or `spaces/` in front: the repository, and what follows.
    private static func largeFilePath(_ segments: [String]) -> (HubRepository, [String])? {
        var rest = segments[...]
        var repositoryKind = HubRepository.Kind.model
        if let first = rest.first, let other = kind(first), other != .model {
            repositoryKind = other
            rest = rest.dropFirst()
        }
        let parts = Array(rest)
        guard parts.count >= 5, parts[2].hasSameBytes(as: "info"), parts[3].hasSameBytes(as: "lfs"),
            parts[1].hasUTF8Suffix(".git"), let name = String(parts[1].utf8.dropLast(4)),
            HubRepository.problem(inID: "\(parts[0])/\(name)") == nil
        else { return nil }
        return (HubRepository(kind: repositoryKind, id: "\(parts[0])/\(name)"), Array(parts[4...]))
    }

    private static func address(_ repository: HubRepository, _ request: Request) -> String {
        let folder = repository.kind == .model ? "" : "\(repository.kind.rawValue)s/"
        return "\(request.base)/\(folder)\(repository.id)"
    }

    private static func take(_ method: String, _ request: Request) throws(HubRefusal) {
        guard request.head.method.hasSameBytes(as: method) else {
            throw HubRefusal.method([method])
        }
    }

    /// The question in a body; an empty one where there is no body.
    static func json(_ request: Request) throws(HubRefusal) -> JSON {
        let bytes: [UInt8]
        do throws(RequestBody.Problem) {
            bytes = try request.body.bytes(limit: bodyLimit)
        } catch {
            throw HubRefusal(error)
        }
        if bytes.isEmpty { return [:] }
        guard let json = try? JSON.parse(bytes), json.members != nil else {
            throw HubRefusal(400, nil, "the body of the request is no JSON object")
        }
        return json
    }
}

extension RepositoryStore {
    /// Keeps a small file that is made here.
    func keep(
        _ bytes: [UInt8], at path: RelativePath
    ) throws -> (file: RepositoryFile, kept: KeptContent) {
        let incoming = try contents.receive(checksum: false)
        try incoming.write(bytes.span)
        let content = try incoming.finish()
        let kept = try keep(incoming, content)
        let file = RepositoryFile(
            path: path, sha256: content.sha256, size: content.size, git: try GitObject.name(.blob, bytes))
        return (file, kept)
    }
}
