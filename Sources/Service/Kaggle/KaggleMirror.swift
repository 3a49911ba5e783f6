package import Caches
import Formats
import Manifests
import Storage

/// Answers as Kaggle does, from what a kagglehub cache has, to `kagglehub` and `kaggle` with
/// `KAGGLE_API_ENVIRONMENT=TEST` and `http_proxy` pointing here.
package struct KaggleMirror: RequestHandler {
    private let shelf: KaggleShelf
    private let prover: SumProver

    /// How long a request waits until its files are proved, in seconds: Kaggle's clients wait without end for the answer to a
    /// call, and 300 seconds for content.
    private static let patience = 240.0
    /// The most bytes of a call.
    private static let callLimit = 1 << 20

    /// Serves a cache.
    /// - Parameter prover: computes what is stated of files; no other leaves.
    package init(_ cache: KagglehubCache, prover: SumProver) {
        shelf = KaggleShelf(cache)
        self.prover = prover
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
        switch service {
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
            guard !variations.isEmpty else { return missing("\(owner)/\(slug)") }
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
            guard let holding = shelf.holding(handle.with(version: nil)) else { return missing(handle.text) }
            return .json(KaggleListings.variation(holding))
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
            return whole(handle) { holding in
                .json(
                    KaggleListings.page(
                        "files", holding.files.map(KaggleListings.modelFile), arguments.page(usual: 20)))
            }
        case "DownloadModelInstanceVersion": return lead(handle, to: arguments.text("path"), request.head)
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
        return found?.with(version: arguments.number("versionNumber"))
    }

    // MARK: Data sets

    private func datasetCall(_ method: String, _ arguments: KaggleArguments, _ request: Request) -> Response {
        if method == "ListDatasets" { return datasets(arguments) }
        guard let owner = arguments.text("ownerSlug"), let slug = arguments.text("datasetSlug"),
            let base = KaggleHandle(.dataset, folders: [owner, slug])
        else { return .kaggleRefusal(400, "ownerSlug and datasetSlug are needed") }
        guard let newest = shelf.holding(base) else { return missing(base.text) }
        let handle = base.with(version: arguments.number("datasetVersionNumber"))
        switch method {
        case "GetDataset": return .json(KaggleListings.dataset(newest, versions: shelf.versions(base)))
        case "GetDatasetStatus": return .json(["status": "READY"])
        case "GetDatasetMetadata": return .json(KaggleListings.metadata(base))
        case "ListDatasetFiles":
            return whole(handle) { holding in
                let rows = holding.files.map { KaggleListings.datasetFile($0, base) }
                return .json(KaggleListings.page("datasetFiles", rows, arguments.page(usual: 20)))
            }
        case "ListTreeDatasetFiles":
            return whole(handle) { holding in
                let folder = arguments.text("path") ?? ""
                let range = arguments.page(usual: 200)
                guard let tree = KaggleListings.tree(holding.files, in: folder, range) else {
                    return .kaggleRefusal(404, "\(folder) is no folder of \(holding.handle.text)")
                }
                return .json(tree)
            }
        case "DownloadDataset", "DownloadDatasetRaw":
            return lead(handle, to: arguments.text("fileName"), request.head)
        default: return .kaggleRefusal(404, "this server has no DatasetApiService/\(method)")
        }
    }

    private func datasets(_ arguments: KaggleArguments) -> Response {
        var bases: [KaggleHandle] = []
        for handle in shelf.handles() where handle.kind == .dataset {
            let base = handle.with(version: nil)
            if bases.last != base { bases.append(base) }
        }
        let owner = arguments.text("user")
        let found = bases.filter { base in
            KaggleMirror.matches(base.text, arguments.text("search"))
                && (owner.map { base.parts[0].hasSameBytes(as: $0) } ?? true)
        }
        let range = arguments.page(usual: 20)
        let rows = found.enumerated().map { index, base -> JSON in
            guard range.contains(index), let holding = shelf.holding(base) else { return .null }
            return KaggleListings.dataset(holding, versions: shelf.versions(base))
        }
        return .json(KaggleListings.page("datasets", rows, range))
    }

    /// Whether all words of a search are in a name, in any case.
    private static func matches(_ name: String, _ search: String?) -> Bool {
        let words = (search ?? "").lowercased().split(separator: " ")
        let small = name.lowercased()
        return words.allSatisfy { small.containsUTF8(String($0)) }
    }

    // MARK: Content

    private func missing(_ name: String) -> Response {
        .kaggleRefusal(404, "\(name) is not in this server's cache")
    }

    /// The answer about a version that is whole: what the cache has of another one would be taken for all of it.
    private func whole(_ handle: KaggleHandle, _ answer: (KaggleHolding) -> Response) -> Response {
        guard let holding = shelf.holding(handle) else { return missing(handle.text) }
        guard holding.isComplete else {
            let files = Counted.text(holding.files.count, "single file")
            return .kaggleRefusal(404, "of \(holding.handle.text) this server's cache has \(files) only")
        }
        return answer(holding)
    }

    /// Leads a client to a file, or to the archive of all of them: it goes on with a broken download where it was led to.
    private func lead(_ handle: KaggleHandle, to path: String?, _ head: RequestHead) -> Response {
        let target: String
        if let path {
            guard let holding = shelf.holding(handle) else { return missing(handle.text) }
            guard let file = RelativePath(path).flatMap(holding.file) else {
                return .kaggleRefusal(404, "\(path) of \(holding.handle.text) is not in this server's cache")
            }
            target = KaggleRequest.path("files", holding.handle, file.path.text)
        } else {
            guard let holding = shelf.holding(handle) else { return missing(handle.text) }
            guard holding.isComplete else { return whole(handle) { _ in missing(handle.text) } }
            // kagglehub takes both, and checks the checksums of a zip; the kaggle command wants what Kaggle sends.
            let isCommand = head.fields["user-agent"]?.hasUTF8Prefix("kagglehub/") != true
            let suffix =
                handle.kind == .model && isCommand ? KaggleArchive.tarballSuffix : KaggleArchive.zipSuffix
            target = KaggleRequest.path("archive", holding.handle, holding.handle.parts[1] + suffix)
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
