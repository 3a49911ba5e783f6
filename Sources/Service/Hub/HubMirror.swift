package import Caches
package import Catalogue
import Formats
import Manifests
import Storage

/// Answers as the Hugging Face Hub does, from what a hub cache has: the official clients cannot tell, with `HF_ENDPOINT`
/// pointing here.
package struct HubMirror: RequestHandler {
    /// What there is.
    let shelf: HubShelf
    private let uploads: HubUploads?
    /// States which files are what they should be.
    let prover: FileProver
    /// What was made for the registry of images.
    let blobs = MadeBlobs()
    private let upstream: UpstreamDesk?

    /// How long a request waits until a file is proved, in seconds: huggingface_hub gives up after 10.
    static let patience = 8.0
    /// The most bytes of a form with paths.
    static let formLimit = 8 << 20
    /// The most paths that one may ask for at once.
    static let pathLimit = 20_000

    /// Serves a cache.
    /// - Parameters:
    ///   - catalogue: what people uploaded is served from it, and kept in it; `nil` takes nothing.
    ///   - prover: states which files are what the cache states they are; no other leaves.
    ///   - upstream: asks the Hub for what the cache lacks; `nil` asks nobody.
    package init(
        _ cache: HubCache, catalogue: ModelCatalogue? = nil, prover: FileProver, upstream: UpstreamDesk? = nil
    ) {
        let shelf = HubShelf(cache, catalogue)
        self.shelf = shelf
        uploads = shelf.store.map { HubUploads($0, shelf) }
        self.prover = prover
        self.upstream = upstream
    }

    /// The answer to a request; one for what is no path of the Hub is told so.
    package func answer(_ request: Request) -> Response {
        var segments = request.head.target.segments
        if segments.last == "" { segments.removeLast() }
        let reader = HubReader(holder: request.holder)
        if let uploads, let response = uploads.answer(segments, request, reader) { return response }
        if segments.first == "v2" { return registry(segments, request, reader) }
        switch segments {
        case ["api", "whoami-v2"]: return reading(request, HubMirror.whoAmI(reader))
        case ["api", "agent-harnesses"]: return reading(request, .json([:]))
        case ["api", "models"], ["api", "datasets"], ["api", "spaces"], ["api", "kernels"]:
            let kind = HubRepository.Kind.allCases.first { segments[1] == $0.rawValue + "s" } ?? .model
            return reading(request, HubSearch(request, kind).answer(shelf, reader))
        default: break
        }
        guard let route = HubRoute(segments, exists: { shelf.has($0, reader) }) else {
            return .hubRefusal(404, nil, "there is nothing at this path")
        }
        let method = request.head.method
        guard method == "GET" || method == "HEAD" || (method == "POST" && route.question == .paths) else {
            return .hubRefusal(405, nil, "this server is read only").with("Allow", "GET, HEAD")
        }
        do throws(Diagnostics) {
            return try answer(route, request, reader)
        } catch {
            return .hubRefusal(error, route)
        }
    }

    private func reading(_ request: Request, _ response: @autoclosure () -> Response) -> Response {
        let method = request.head.method
        guard method == "GET" || method == "HEAD" else {
            return .hubRefusal(405, nil, "this server is read only").with("Allow", "GET, HEAD")
        }
        return response()
    }

    private func answer(
        _ route: HubRoute, _ request: Request, _ reader: HubReader
    ) throws(Diagnostics) -> Response {
        let target = request.head.target
        switch route.question {
        case .refs: return HubMirror.refs(try refs(route, request, reader))
        case .access:
            _ = try refs(route, request, reader)
            return .json([:])
        case .discussions:
            _ = try refs(route, request, reader)
            return .json(["discussions": [], "count": 0, "start": 0])
        case .info, .commits, .tree, .paths, .content, .pointer: break
        }
        var revision = try self.revision(route, request, reader)
        if revision.stored != nil, let path = RelativePath(route.path), let file = revision[path]?.file,
            !revision.holds(file)
        {
            // The same content came again, into another file.
            shelf.forget(revision)
            revision = try self.revision(route, request, reader)
        }
        switch route.question {
        case .info: return .json(info(revision, withBlobs: target.first("blobs") == "true"))
        case .commits: return HubCommits(revision, request, route.revision).answer(shelf.store)
        case .tree: return tree(revision, route.path, target)
        case .paths: return paths(revision, request)
        case .content: return content(revision, route.path, request)
        case .pointer: return pointer(revision, route.path, request)
        case .refs, .access, .discussions: return .json([:])
        }
    }

    /// The branches and tags of a repository, with those that were asked for upstream not long ago as they are there.
    private func refs(
        _ route: HubRoute, _ request: Request, _ reader: HubReader
    ) throws(Diagnostics) -> [HubShelf.Ref] {
        let repository = route.repository
        guard let upstream, !upstream.isOwn(request.head), try !shelf.isUploaded(repository) else {
            return try shelf.refs(repository, reader)
        }
        do throws(Diagnostics) { _ = try revision(route, request, reader) } catch {
            // It may have no branch of that name.
            if let refs = try? shelf.refs(repository, reader) { return refs }
            throw error
        }
        let known = upstream.names(of: repository)
        let names = Set(known.map { ExactName($0.name) })
        return known.map { HubShelf.Ref(name: $0.name, commit: $0.commit, isTag: false) }
            + (try shelf.refs(repository, reader)).filter { !names.contains(ExactName($0.name)) }
    }

    /// The revision that is asked for: as it is upstream, if anybody is asked there and answers in time, else as the server
    /// has it.
    private func revision(
        _ route: HubRoute, _ request: Request, _ reader: HubReader
    ) throws(Diagnostics) -> HubRevision {
        let (repository, name) = (route.repository, route.revision)
        guard let upstream, !upstream.isOwn(request.head), try !shelf.isUploaded(repository) else {
            return try shelf.revision(repository, name, reader)
        }
        // A commit does not change.
        if GitBlobDigest(hex: name) != nil, let known = try? shelf.revision(repository, name, reader),
            known.isListed
        {
            return known
        }
        let answer = upstream.answer(.revision(repository, name), seconds: HubMirror.patience)
        if case .success(.commit(let commit))? = answer {
            return try shelf.cached(repository, name, commit: commit)
        }
        if let cached = try? shelf.revision(repository, name, reader) { return cached }
        if case .failure(let problems)? = answer { throw problems }
        throw Diagnostics(Diagnostic(code: .fetchUnreachable, "it takes longer", verdict: .undecided))
    }

    private static func whoAmI(_ reader: HubReader) -> Response {
        let name = reader.holder?.name ?? "knapsack"
        let role = reader.holder.map { $0.scope == .read ? "read" : "write" } ?? "write"
        return .json([
            "type": "user", "id": .string(name), "name": .string(name), "fullname": .string(name),
            "isPro": false, "orgs": [],
            "auth": [
                "type": "access_token",
                "accessToken": ["displayName": .string(name), "role": .string(role)],
            ],
        ])
    }

    // MARK: Files

    private func entry(
        _ revision: HubRevision, _ path: String
    ) -> Result<HubEntry, HubFileProblem> {
        guard let path = RelativePath(path), let entry = revision[path] else {
            return .failure(.unknown)
        }
        return entry.file == nil ? .failure(.absent) : .success(entry)
    }

    /// The content of a file, which was proved, or why it does not leave.
    func content(_ asked: HubRevision, _ path: String, _ request: Request) -> Response {
        let begin = steadyTime()
        var revision = asked
        if let upstream, asked.isListed, !upstream.isOwn(request.head), let place = RelativePath(path),
            let listed = asked[place], listed.file == nil,
            (try? shelf.isUploaded(asked.repository)) == false
        {
            if request.isHead, let identity = listed.identity {
                return HubMirror.head(listed, identity, asked)
            }
            let question = UpstreamQuestion.hubFile(asked.repository, commit: asked.commit, place)
            switch upstream.answer(question, seconds: HubMirror.patience) {
            case .success?:
                shelf.forget(asked)
                revision =
                    (try? shelf.cached(asked.repository, asked.commit, commit: asked.commit)) ?? asked
            case .failure(let problems)?:
                return .hubRefusal(problems, asked.repository, revision: asked.commit)
            case nil:
                return HubFileProblem.notReady(listed, asked, request)
                    .with("Retry-After", String(upstream.retrySeconds(question)))
            }
        }
        let entry: HubEntry
        switch self.entry(revision, path) {
        case .success(let found): entry = found
        case .failure(let problem): return problem.response(path, revision)
        }
        guard let file = entry.file else { return HubFileProblem.absent.response(entry, revision) }
        guard revision.holds(file) else {
            shelf.forget(revision)
            return HubFileProblem.notReady(entry, revision, request).with("Retry-After", "2")
        }
        let identity: HubEntry.Identity
        // A HEAD states what the content is by its name, and gives none of it away: it does not wait for the proof.
        if request.isHead, let named = entry.identity, prover.known(file).map(FileProver.isProved) ?? true {
            identity = named
        } else {
            let waited = Double(steadyTime() - begin) / 1e9
            switch self.identity(
                of: entry, mustBeProved: true, seconds: max(0, HubMirror.patience - waited))
            {
            case .success(let proved): identity = proved
            case .failure(.pending):
                return HubFileProblem.notReady(entry, revision, request).with("Retry-After", "5")
            case .failure(let problem): return problem.response(entry, revision)
            }
        }
        guard let opened = ServedContent(path: file.location, proved: file.status) else {
            shelf.forget(revision)
            return HubFileProblem.notReady(entry, revision, request).with("Retry-After", "2")
        }
        let fields = HubMirror.fields(entry, identity, revision)
        return FileAnswer(content: opened, tag: "\"\(identity.name)\"", fields: fields).answer(request.head)
    }

    /// What is stated of a file beside its ETag.
    private static func fields(
        _ entry: HubEntry, _ identity: HubEntry.Identity, _ revision: HubRevision
    ) -> HeaderFields {
        var fields = HeaderFields()
        fields.append("X-Repo-Commit", revision.commit)
        if case .large = identity {
            fields.append("X-Linked-Etag", "\"\(identity.name)\"")
            fields.append("X-Linked-Size", String(entry.size))
        }
        fields.append(
            "Content-Disposition",
            "attachment; filename*=UTF-8''\(RequestTarget.escaped(entry.path.name))")
        return fields
    }

    /// What is stated of a file that the cache does not have yet, by the list.
    private static func head(
        _ entry: HubEntry, _ identity: HubEntry.Identity, _ revision: HubRevision
    ) -> Response {
        // Nobody gets a body of it.
        var response = Response(200, .counted(entry.size) { _ in throw ClientGone() })
        response.fields = fields(entry, identity, revision)
        response.fields.append("ETag", "\"\(identity.name)\"")
        response.fields.append("Accept-Ranges", "bytes")
        response.fields.append("Content-Type", "application/octet-stream")
        return response
    }

    private func pointer(_ revision: HubRevision, _ path: String, _ request: Request) -> Response {
        switch entry(revision, path) {
        case .failure(let problem): return problem.response(path, revision)
        case .success(let entry):
            switch identity(of: entry) {
            case .failure(let problem): return problem.response(entry, revision)
            case .success(.git): return content(revision, path, request)
            case .success(.large(let digest)):
                var response = Response(200, .bytes(RepositoryFile.pointer(digest, size: entry.size)))
                response.fields.append("Content-Type", "text/plain; charset=utf-8")
                return response.with("X-Repo-Commit", revision.commit)
            }
        }
    }

    // MARK: Proofs

    /// What names the content of a file, as far as that is known without reading it.
    func identityAtHand(_ entry: HubEntry) -> HubEntry.Identity? {
        guard let file = entry.file, case .proved(let digests)? = prover.known(file) else { return nil }
        return .large(digests.sha256)
    }

    /// What names the content of a file.
    /// - Parameters:
    ///   - mustBeProved: whether a name that the cache states is taken only after the content agreed with it.
    ///   - seconds: how long to wait for that.
    func identity(
        of entry: HubEntry, mustBeProved: Bool = false, seconds: Double = patience
    ) -> Result<HubEntry.Identity, HubFileProblem> {
        if let identity = entry.identity, !mustBeProved || entry.file == nil { return .success(identity) }
        guard let file = entry.file else { return .failure(.absent) }
        // What was hashed as it came, and is the same file since, need not be read again.
        if let identity = entry.identity, let stored = entry.stored,
            shelf.store?.status(of: stored) == file.status
        {
            return .success(identity)
        }
        switch prover.verdict(on: file, seconds: seconds) {
        case .proved(let digests)?: return .success(entry.identity ?? .large(digests.sha256))
        case .refuted?: return .failure(.refuted)
        case .unreadable?: return .failure(.unreadable)
        case nil: return .failure(.pending)
        }
    }
}

extension FileProver {
    /// Whether a verdict lets a file out.
    static func isProved(_ verdict: Verdict) -> Bool { if case .proved = verdict { true } else { false } }
}

/// Why a file of a revision is not served.
enum HubFileProblem: Error {
    /// The revision has no such file.
    case unknown
    /// The revision lists it, and the cache does not have it.
    case absent
    /// Its content is not what the cache states.
    case refuted
    /// It cannot be read.
    case unreadable
    /// It is not proved yet.
    case pending

    /// The answer.
    func response(_ entry: HubEntry, _ revision: HubRevision) -> Response {
        response(entry.path.text, revision)
    }

    /// The answer to a request for content that takes longer; the caller states when to ask again. huggingface_hub 2.4 asks
    /// again for a head after 503, and for content after 429 alone (`file_download.py`, `http_get`).
    static func notReady(_ entry: HubEntry, _ revision: HubRevision, _ request: Request) -> Response {
        .hubRefusal(
            request.isHead ? 503 : 429, nil,
            "\(entry.path) of \(revision.repository.id) is not ready yet: ask again", commit: revision.commit)
    }

    /// The answer for a path, which need not be one.
    func response(_ path: String, _ revision: HubRevision) -> Response {
        let (id, commit) = (revision.repository.id, revision.commit)
        switch self {
        case .unknown:
            return .hubRefusal(404, "EntryNotFound", "\(path) is not in \(id)", commit: commit)
        case .absent:
            // Not the Hub's code for it: clients would remember that the repository has no such file.
            return .hubRefusal(
                404, nil, "\(path) is a file of \(id) that is not in this server's cache", commit: commit)
        case .refuted:
            return .hubRefusal(
                409, nil, "\(path) of \(id) does not match its hash in this server's cache: it is not served",
                commit: commit)
        case .unreadable:
            return .hubRefusal(500, nil, "\(path) of \(id) cannot be read on this server", commit: commit)
        case .pending:
            return .hubRefusal(503, nil, "\(path) of \(id) is being proved: ask again", commit: commit)
                .with("Retry-After", "5")
        }
    }
}
