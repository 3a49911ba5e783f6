package import Caches
import Formats
import Manifests
import Storage

/// Answers as Kaggle does, from what a kagglehub cache has, to `kagglehub` and `kaggle` with
/// `KAGGLE_API_ENVIRONMENT=LOCALHOST` and `http_proxy` pointing here.
package struct KaggleMirror: RequestHandler {
    /// What there is.
    let shelf: KaggleShelf
    private let prover: SumProver
    private let upstream: UpstreamDesk?
    private let uploads: KaggleUploads?

    /// How long a request waits until its files are proved, in seconds: Kaggle's clients wait without end for the answer to a
    /// call, and 300 seconds for content.
    private static let patience = 240.0
    /// The most bytes of a call.
    private static let callLimit = 8 << 20

    /// How long a call waits for what is loaded upstream, in seconds: then it is asked again, and goes on.
    private static let upstreamPatience = 3600.0

    /// Serves a cache.
    /// - Parameters:
    ///   - prover: computes what is stated of files; no other leaves.
    ///   - upstream: asks Kaggle for what the cache lacks; `nil` asks nobody.
    ///   - store: what is uploaded, which is served, too; `nil` takes no uploads.
    package init(
        _ cache: KagglehubCache, prover: SumProver, upstream: UpstreamDesk? = nil, store: KaggleStore? = nil
    ) {
        shelf = KaggleShelf((store.map { [$0.cache] } ?? []) + [cache])
        self.prover = prover
        self.upstream = upstream
        uploads = store.map { store in
            KaggleUploads(store: store) { handle in
                let base = handle.with(version: nil)
                return cache.handles().contains { $0.with(version: nil) == base }
            }
        }
    }

    /// Whether a path is one of Kaggle's: the Hub has none that begins so.
    package static func owns(_ target: RequestTarget) -> Bool {
        target.segments.starts(with: KaggleRequest.prefix, by: { $0.hasSameBytes(as: $1) })
    }

    /// The answer to a request.
    package func answer(_ request: Request) -> Response {
        guard let wanted = KaggleRequest(request.head.target.segments) else {
            return .kaggleRefusal(404, "there is nothing at this path")
        }
        let method = request.head.method
        switch wanted {
        case .call(let service, let name):
            guard method == "POST" else {
                return .kaggleRefusal(405, "a call is a POST").with("Allow", "POST")
            }
            let body: [UInt8]
            do throws(RequestBody.Problem) {
                body = try request.body.bytes(limit: KaggleMirror.callLimit)
            } catch {
                return error.response
            }
            guard let json = try? JSON.parse(body.isEmpty ? Array("{}".utf8) : body), json.members != nil
            else {
                return .kaggleRefusal(400, "the arguments are no JSON object")
            }
            return call(service, name, KaggleArguments(json: json), request)
        case .upload(let token):
            guard method == "PUT" else {
                return .kaggleRefusal(405, "content is sent by PUT").with("Allow", "PUT")
            }
            return uploads?.receive(token, request) ?? .kaggleRefusal(404, "this server takes no uploads")
        case .file(let handle, let path): return reading(request) { file(handle, path, request.head) }
        case .archive(let handle, let name): return reading(request) { archive(handle, name, request.head) }
        }
    }

    private func reading(_ request: Request, _ answer: () -> Response) -> Response {
        guard request.head.method == "GET" || request.isHead else {
            return .kaggleRefusal(405, "content is read only").with("Allow", "GET, HEAD")
        }
        return answer()
    }

    private func call(_ service: String, _ method: String, _ arguments: KaggleArguments, _ request: Request)
        -> Response
    {
        if method.hasUTF8Prefix("Create") || method == "StartBlobUpload" {
            guard let uploads else { return .kaggleRefusal(403, "this server takes no uploads") }
            if service == "blobs.BlobApiService" { return uploads.start(arguments, request) }
            if service == "models.ModelApiService" || service == "datasets.DatasetApiService",
                let response = uploads.make(method, arguments, request)
            {
                shelf.forget()
                return response
            }
        }
        if method.hasUTF8Prefix("Delete"),
            service == "models.ModelApiService" || service == "datasets.DatasetApiService"
        {
            guard let uploads else { return .kaggleRefusal(403, "this server takes no uploads") }
            if let response = uploads.delete(method, arguments, variation: model(arguments), request) {
                shelf.forget()
                return response
            }
        }
        return switch service {
        case "models.ModelApiService": modelCall(method, arguments, request)
        case "datasets.DatasetApiService": datasetCall(method, arguments, request)
        case "security.OAuthService" where method.hasSameBytes(as: "IntrospectToken"):
            // Whoever came so far is let in; the name is that of the token, if there is one.
            .json([
                "active": true, "username": .string(request.holder?.name ?? "knapsack"), "userId": 1,
                "scope": "resources.admin:*",
            ])
        case "competitions.CompetitionApiService":
            .kaggleRefusal(404, "this server has no competitions, only models and data sets")
        case _ where service.hasSameBytes(as: "kernels.KernelsApiService"):
            .kaggleRefusal(404, "this server has no notebooks, only models and data sets")
        default: .kaggleRefusal(404, "this server has no \(service)/\(method)")
        }
    }

    // MARK: Models

    private func modelCall(_ method: String, _ arguments: KaggleArguments, _ request: Request) -> Response {
        switch method {
        case "ListModels": return models(arguments)
        case "GetModel", "ListModelInstances":
            guard let owner = arguments.text("ownerSlug"), let slug = arguments.text("modelSlug") else {
                return .kaggleRefusal(400, "ownerSlug and modelSlug are needed")
            }
            let variations = variations("\(owner)/\(slug)")
            guard !variations.isEmpty || uploads?.hasModel("\(owner)/\(slug)") == true else {
                return missing("\(owner)/\(slug)")
            }
            guard method == "GetModel" else {
                return .json(
                    KaggleListings.page(
                        "instances", variations.map(KaggleListings.variation), arguments.page(usual: 20)))
            }
            return .json(KaggleListings.model("\(owner)/\(slug)", variations))
        default: break
        }
        guard let handle = model(arguments) else {
            return missing(arguments.text("instanceSlug") ?? "the variation")
        }
        switch method {
        case "GetModelInstance":
            return current(handle, request) { .json(KaggleListings.variation($0)) }
        case "ListModelInstanceVersions":
            let rows = shelf.versions(handle).map { version -> JSON in
                [
                    "versionNumber": .integer(version), "variationSlug": .string(handle.parts[3]),
                    "modelTitle": .string(handle.parts[1]), "isPrivate": false,
                    "ownerSlug": .string(handle.parts[0]), "modelSlug": .string(handle.parts[1]),
                    "framework": .string(KaggleFramework.name(of: handle.parts[2])),
                    "id": KaggleListings.number(handle.with(version: version).text),
                ]
            }
            guard !rows.isEmpty else { return missing(handle.text) }
            let page = KaggleListings.page("versions", rows, arguments.page(usual: 20))
            return .json(["versionList": page, "nextPageToken": page["nextPageToken"] ?? ""])
        case "ListModelInstanceVersionFiles":
            return listed(handle, request) { _, files in
                .json(
                    KaggleListings.page(
                        "files", files.map(KaggleListings.modelFile), arguments.page(usual: 20)))
            }
        case "DownloadModelInstanceVersion": return lead(handle, to: arguments.text("path"), request)
        default: return .kaggleRefusal(404, "this server has no ModelApiService/\(method)")
        }
    }

    private func models(_ arguments: KaggleArguments) -> Response {
        var refs: [String] = []
        for handle in shelf.handles() where handle.kind == .model {
            let ref = handle.parts.prefix(2).joined(separator: "/")
            if refs.last?.hasSameBytes(as: ref) != true { refs.append(ref) }
        }
        let owner = arguments.text("owner")
        let found = refs.filter { ref in
            KaggleMirror.matches(ref, arguments.text("search"))
                && (owner.map { ref.hasUTF8Prefix($0 + "/") } ?? true)
        }
        let range = arguments.page(usual: 20)
        // What is stated of a model is read of those that are shown alone.
        let rows = found.enumerated().map { index, ref -> JSON in
            range.contains(index) ? KaggleListings.model(ref, variations(ref)) : .null
        }
        return .json(
            KaggleListings.page(
                "models", rows, range, more: [JSON.Member("totalResults", .integer(found.count))]))
    }

    /// The newest versions of a model's variations, of frameworks that clients know.
    private func variations(_ ref: String) -> [KaggleHolding] {
        var bases: [KaggleHandle] = []
        for handle in shelf.handles()
        where handle.kind == .model && handle.parts.prefix(2).joined(separator: "/").hasSameBytes(as: ref) {
            let base = handle.with(version: nil)
            if bases.last != base, KaggleFramework.isKnown(base.parts[2]) { bases.append(base) }
        }
        return bases.compactMap { shelf.holding($0) }
    }

    /// The variation that a call names, as the cache spells it; with the version if the call names one.
    private func model(_ arguments: KaggleArguments) -> KaggleHandle? {
        guard let owner = arguments.text("ownerSlug"), let slug = arguments.text("modelSlug"),
            let framework = arguments.text("framework"), let instance = arguments.text("instanceSlug")
        else { return nil }
        let wanted = framework.hasUTF8Prefix("MODEL_FRAMEWORK_") ? String(framework.dropFirst(16)) : framework
        let found = shelf.handles().first { handle in
            handle.kind == .model && handle.parts[0].hasSameBytes(as: owner)
                && handle.parts[1].hasSameBytes(as: slug) && handle.parts[3].hasSameBytes(as: instance)
                && KaggleFramework.isSame(handle.parts[2], wanted)
        }
        // Of one that is only upstream the folder is named as kagglehub's handles are.
        let base =
            found
            ?? (upstream == nil ? nil : KaggleFramework.handleName(wanted)).flatMap {
                KaggleHandle(.model, folders: [owner, slug, $0, instance])
            }
        return base?.with(version: arguments.number("versionNumber"))
    }

    // MARK: Content

    private func missing(_ name: String) -> Response {
        .kaggleRefusal(404, "\(name) is not in this server's cache")
    }

    /// The answer about a version that is whole: what the cache has of another one would be taken for all of it.
    func whole(_ handle: KaggleHandle, _ answer: (KaggleHolding) -> Response) -> Response {
        guard let holding = shelf.holding(handle) else { return missing(handle.text) }
        guard holding.isComplete else {
            let files = Counted.text(holding.files.count, "single file")
            return .kaggleRefusal(404, "of \(holding.handle.text) this server's cache has \(files) only")
        }
        return answer(holding)
    }

    /// Who is asked for what the cache lacks; `nil` where nobody is, for a request that came from there, and for what people
    /// uploaded here: nobody elsewhere is told of its name.
    func desk(_ request: Request, _ handle: KaggleHandle) -> UpstreamDesk? {
        guard let upstream, !upstream.isOwn(request.head), uploads?.has(handle) != true else { return nil }
        return upstream
    }

    /// The handle with its version: with the one that is current upstream, if anybody is asked there, else the cache's
    /// newest one.
    private func versioned(_ handle: KaggleHandle, _ request: Request) -> Result<KaggleHandle, KaggleProblem>
    {
        guard handle.version == nil else { return .success(handle) }
        let answer = desk(request, handle)?.answer(.version(handle), seconds: KaggleMirror.patience)
        if case .success(.version(let number))? = answer, number > 0 {
            return .success(handle.with(version: number))
        }
        if let holding = shelf.holding(handle) { return .success(holding.handle) }
        if case .failure(let problems)? = answer { return .failure(.upstream(problems)) }
        return .failure(desk(request, handle) == nil ? .missing : .pending)
    }

    /// The answer about the current version, of which the cache may have nothing yet.
    func current(
        _ handle: KaggleHandle, _ request: Request, _ answer: (KaggleHolding) -> Response
    ) -> Response {
        switch versioned(handle.with(version: nil), request) {
        case .success(let handle):
            return answer(
                shelf.holding(handle) ?? KaggleHolding(handle: handle, files: [], isComplete: false))
        case .failure(let problem): return problem.response(handle.text)
        }
    }

    /// The answer about the files of a version: of the cache's, if it is whole, else as they are listed upstream.
    func listed(
        _ asked: KaggleHandle, _ request: Request, _ answer: (KaggleHandle, [UpstreamFile]) -> Response
    ) -> Response {
        let handle: KaggleHandle
        switch versioned(asked, request) {
        case .success(let found): handle = found
        case .failure(let problem): return problem.response(asked.text)
        }
        if let holding = shelf.holding(handle), holding.isComplete {
            return answer(handle, holding.files.map(KaggleListings.listed))
        }
        guard let desk = desk(request, handle) else { return whole(handle) { _ in missing(handle.text) } }
        switch desk.answer(.files(handle), seconds: KaggleMirror.patience) {
        case .success(.files(let files))?: return answer(handle, files.sorted { $0.path < $1.path })
        case .failure(let problems)?: return KaggleProblem.upstream(problems).response(handle.text)
        default: return KaggleProblem.pending.response(handle.text)
        }
    }

    /// Leads a client to a file, or to the archive of all of them: it goes on with a broken download where it was led to.
    /// What the cache lacks is loaded upstream meanwhile, if anybody is asked there.
    func lead(_ asked: KaggleHandle, to path: String?, _ request: Request) -> Response {
        let handle: KaggleHandle
        switch versioned(asked, request) {
        case .success(let found): handle = found
        case .failure(let problem): return problem.response(asked.text)
        }
        let wanted: RelativePath?
        if let path {
            guard let named = RelativePath(path) else { return missing("\(path) of \(handle.text)") }
            wanted = named
        } else {
            wanted = nil
        }
        func isThere() -> Bool {
            guard let holding = shelf.holding(handle) else { return false }
            return holding.isComplete || (wanted.map { holding.file($0) != nil } ?? false)
        }
        if let desk = desk(request, handle), !isThere() {
            let question = wanted.map { UpstreamQuestion.kaggleFile(handle, $0) } ?? .kaggleVersion(handle)
            switch desk.answer(question, seconds: KaggleMirror.upstreamPatience) {
            case .success?: shelf.forget()
            case .failure(let problems)?: return KaggleProblem.upstream(problems).response(handle.text)
            case nil: return KaggleProblem.pending.response(handle.text)
            }
        }
        guard let holding = shelf.holding(handle) else { return missing(handle.text) }
        let target: String
        if let wanted {
            guard holding.file(wanted) != nil else { return missing("\(wanted) of \(handle.text)") }
            target = KaggleRequest.path("files", handle, wanted.text)
        } else {
            guard holding.isComplete else { return whole(handle) { _ in missing(handle.text) } }
            // kagglehub takes both, and checks the checksums of a zip; the kaggle command wants what Kaggle sends.
            let isCommand = request.head.fields["user-agent"]?.hasUTF8Prefix("kagglehub/") != true
            let suffix =
                handle.kind == .model && isCommand ? KaggleArchive.tarballSuffix : KaggleArchive.zipSuffix
            target = KaggleRequest.path("archive", handle, handle.parts[1] + suffix)
        }
        // A relative one holds through a proxy and behind TLS.
        return Response(302).with("Location", target)
    }

    private func file(_ handle: KaggleHandle, _ path: String, _ head: RequestHead) -> Response {
        guard let holding = shelf.holding(handle), let file = RelativePath(path).flatMap(holding.file) else {
            return missing("\(path) of \(handle.text)")
        }
        switch prover.verdict(on: file, seconds: KaggleMirror.patience) {
        case .proved(let sums):
            guard let content = ServedContent(path: file.location, proved: file.status) else {
                shelf.forget()
                return KaggleMirror.pending(path)
            }
            var fields = HeaderFields()
            fields.append("X-Goog-Hash", "md5=\(Base64.text(sums.md5))")
            fields.append("Last-Modified", HTTPDate.text(file.status.modified / 1_000_000_000))
            return FileAnswer(content: content, tag: "\"\(sums.sha256.hex)\"", fields: fields).answer(head)
        case .refuted:
            return .kaggleRefusal(409, "\(path) is not what this server states of it: it is not served")
        case .unreadable:
            shelf.forget()
            return .kaggleRefusal(500, "\(path) cannot be read on this server")
        case .pending: return KaggleMirror.pending(path)
        }
    }

    private func archive(_ handle: KaggleHandle, _ name: String, _ head: RequestHead) -> Response {
        guard
            let suffix = [KaggleArchive.zipSuffix, KaggleArchive.tarballSuffix].first(
                where: name.hasUTF8Suffix)
        else {
            return .kaggleRefusal(404, "there is no such archive")
        }
        return whole(handle) { holding in
            var proved: [(file: CachedFile, sums: ContentSums)] = []
            let end = steadyTime() + Int64(KaggleMirror.patience * 1e9)
            for file in holding.files {
                switch prover.verdict(on: file, seconds: Double(end - steadyTime()) / 1e9) {
                case .proved(let sums): proved.append((file, sums))
                case .refuted:
                    return .kaggleRefusal(
                        409, "\(file.path) is not what this server states of it: nothing is served")
                case .unreadable:
                    shelf.forget()
                    return .kaggleRefusal(500, "\(file.path) cannot be read on this server")
                case .pending: return KaggleMirror.pending(file.path.text)
                }
            }
            guard let archive = KaggleArchive(proved, isZip: suffix == KaggleArchive.zipSuffix) else {
                return .kaggleRefusal(500, "\(holding.handle.text) is too large for an archive")
            }
            return archive.answer(head)
        }
    }

    private static func pending(_ name: String) -> Response {
        .kaggleRefusal(503, "\(name) is being proved: ask again").with("Retry-After", "5")
    }
}
