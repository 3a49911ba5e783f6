import Caches
import Formats
import Manifests
import Storage

/// Takes uploads as Kaggle does (kagglesdk 0.1.38, `blob_api_service.py`, and Google's protocol of resumable uploads), and
/// makes versions of them.
struct KaggleUploads: Sendable {
    /// What is kept of them.
    let store: KaggleStore
    /// Whether somebody else has a model or a data set of that name: what a cache has of Kaggle.
    let isTaken: @Sendable (KaggleHandle) -> Bool

    /// The largest file, in bytes.
    private static let sizeLimit = 1 << 50

    // MARK: Content

    /// Begins the upload of a file.
    func start(_ arguments: KaggleArguments, _ request: Request) -> Response {
        if !request.holder.allows(.write) {
            return .kaggleRefusal(403, "the token allows no uploads")
        }
        let size = arguments.number("contentLength") ?? 0
        guard let name = arguments.text("name"), RelativePath(name)?.components.count == 1,
            (0...KaggleUploads.sizeLimit).contains(size)
        else { return .kaggleRefusal(400, "a file has a name without directories, and a length") }
        guard request.head.host != nil else { return .kaggleRefusal(400, "the request names no host") }
        do throws(KaggleUploadProblem) {
            let upload = try store.begin(name: name, size: size, user: request.holder?.name ?? "")
            let path = (KaggleRequest.prefix + ["content", "uploads", upload.token]).joined(separator: "/")
            return .json(["token": .string(upload.token), "createUrl": .string("\(request.base)/\(path)")])
        } catch {
            return error.response
        }
    }

    /// Takes bytes of a file, or states how many are there.
    ///
    /// Whoever knows the token may: the clients send nothing else.
    func receive(_ token: String, _ request: Request) -> Response {
        guard let upload = store.upload(token) else {
            return .kaggleRefusal(404, "there is no such upload, or not any more")
        }
        do throws(KaggleUploadProblem) {
            let there: Int
            switch try KaggleUploads.range(request.head.fields["content-range"], upload.size) {
            case .question: there = store.bytesThere(upload)
            case .all:
                there = try store.take(upload, from: nil) { () throws(RequestBody.Problem) in
                    try request.body.next()
                }
            case .from(let start):
                there = try store.take(upload, from: start) { () throws(RequestBody.Problem) in
                    try request.body.next()
                }
            }
            guard there < upload.size else { return .json([:]) }
            let response = Response(308)
            return there == 0 ? response : response.with("Range", "bytes=0-\(there - 1)")
        } catch {
            return error.response
        }
    }

    private enum Range {
        case question, all, from(Int)
    }

    /// What `Content-Range` means: `bytes */N`, `bytes A-B/N`, or all of the file where there is none.
    private static func range(_ value: String?, _ size: Int) throws(KaggleUploadProblem) -> Range {
        guard let value else { return .all }
        let wrong = KaggleUploadProblem.refused(400, "Content-Range does not fit the file")
        guard value.hasUTF8Prefix("bytes ") else { throw wrong }
        let parts = value.utf8.dropFirst(6).split(
            separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        func number(_ bytes: Substring.UTF8View.SubSequence) -> Int? {
            guard (1...18).contains(bytes.count), bytes.allSatisfy({ (0x30...0x39).contains($0) }) else {
                return nil
            }
            return Int(Substring(bytes))
        }
        guard parts.count == 2, number(parts[1]) == size else { throw wrong }
        if parts[0].isText("*") { return .question }
        let ends = parts[0].split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard ends.count == 2, let first = number(ends[0]), let last = number(ends[1]), first <= last,
            last < size
        else { throw wrong }
        return .from(first)
    }

    // MARK: Versions

    /// Makes what a call asks for; `nil` for a call that makes nothing.
    func make(_ method: String, _ arguments: KaggleArguments, _ request: Request) -> Response? {
        let body = KaggleArguments(json: arguments.json["body"] ?? .null)
        switch method {
        case "CreateDataset":
            return dataset(arguments.text("slug"), arguments, arguments.json, isFirst: true, request)
        case "CreateDatasetVersion":
            return dataset(arguments.text("datasetSlug"), arguments, body.json, isFirst: false, request)
        case "CreateModel": return model(arguments, request)
        case "CreateModelInstance": return variation(arguments, body, body, isFirst: true, request)
        case "CreateModelInstanceVersion":
            return variation(arguments, arguments, body, isFirst: false, request)
        default: return nil
        }
    }

    /// Deletes what a call names; `nil` for a call that deletes nothing.
    /// - Parameter variation: the variation that the call names, with the version if it names one.
    func delete(
        _ method: String, _ arguments: KaggleArguments, variation: KaggleHandle?, _ request: Request
    ) -> Response? {
        let owner = arguments.text("ownerSlug") ?? ""
        let named: KaggleHandle?
        var folder: String
        switch method {
        case "DeleteDataset":
            named = KaggleHandle(.dataset, folders: [owner, arguments.text("datasetSlug") ?? ""])
            folder = named?.folder ?? ""
        case "DeleteModel":
            named = nil
            folder = "models/\(owner)/\(arguments.text("modelSlug") ?? "")"
            // A name with a slash in it would be another's.
            if RelativePath(folder)?.components.count != 3 { folder = "" }
        case "DeleteModelInstance", "DeleteModelInstanceVersion":
            named = variation
            folder = variation?.with(version: nil).folder ?? ""
        default: return nil
        }
        guard RelativePath(folder) != nil else {
            return .kaggleRefusal(404, "nothing of this name was uploaded to this server")
        }
        if let refusal = refusal(owner, request) { return refusal.response }
        let isOne = method == "DeleteModelInstanceVersion"
        guard !isOne || variation?.version != nil else {
            return .kaggleRefusal(400, "the call names no version")
        }
        do throws(KaggleUploadProblem) {
            let isDone = try store.delete(
                { isOne ? $0 == named : ($0.folder + "/").hasUTF8Prefix(folder + "/") },
                folder: isOne ? nil : folder)
            guard isDone else {
                return .kaggleRefusal(404, "nothing of this name was uploaded to this server")
            }
            return .json(["error": ""])
        } catch {
            return error.response
        }
    }

    /// Whether something of a model's, or a data set's, name was uploaded, in whatever capitals.
    func has(_ handle: KaggleHandle) -> Bool {
        // Several owners' names may differ by capitals alone.
        var folders = [Path.join(store.root, handle.kind == .model ? "models" : "datasets")]
        for part in handle.parts.prefix(2) {
            let low = part.lowercased()
            folders = folders.flatMap { folder in
                ((try? Directory.names(in: folder)) ?? []).filter { $0.lowercased().hasSameBytes(as: low) }
                    .map { Path.join(folder, $0) }
            }
        }
        return !folders.isEmpty
    }

    /// Whether there is a model that has no variation yet.
    func hasModel(_ ref: String) -> Bool {
        guard RelativePath(ref)?.components.count == 2 else { return false }
        return ((try? FileStatus.existing(Path.join(store.root, "models/\(ref)/knapsack.json"))) ?? nil)
            != nil
    }

    private func dataset(
        _ slug: String?, _ arguments: KaggleArguments, _ tree: JSON, isFirst: Bool, _ request: Request
    ) -> Response {
        guard let owner = arguments.text("ownerSlug"), let slug,
            let base = KaggleHandle(.dataset, folders: [owner, slug])
        else { return .kaggleRefusal(400, "ownerSlug and the data set's slug are needed") }
        let result = make(base, tree, isFirst: isFirst, arguments.json, request)
        switch result {
        case .success:
            return .json([
                "ref": .string("/" + base.text), "url": .string("/datasets/\(base.text)"), "status": "ok",
                "error": "", "invalidTags": [],
            ])
        case .failure(.refused(409, let reason)):
            // The clients read it there, and make another version.
            return .json([
                "ref": "", "url": "", "status": "error", "error": .string("\(base.text): \(reason)"),
            ])
        case .failure(let problem): return problem.response
        }
    }

    private func model(_ arguments: KaggleArguments, _ request: Request) -> Response {
        guard let owner = arguments.text("ownerSlug"), let slug = arguments.text("slug"),
            KaggleHandle(.dataset, folders: [owner, slug]) != nil
        else { return .kaggleRefusal(400, "ownerSlug and slug are needed") }
        let ref = "\(owner)/\(slug)"
        if let refusal = refusal(owner, request) { return refusal.response }
        guard !hasModel(ref) else {
            return .json(["id": 0, "ref": "", "error": .string("\(ref) is there already"), "errorCode": 409])
        }
        do throws(FileError) {
            let maker = KaggleVersionMaker(store, user: "", isAdmin: false)
            try maker.keep(
                KaggleUploads.metadata(arguments.json),
                at: Path.join(store.root, "models/\(ref)/knapsack.json"))
        } catch {
            return KaggleUploadProblem.file(error).response
        }
        return .json([
            "id": KaggleListings.number(ref), "ref": .string(ref), "error": "",
            "url": .string("/models/\(ref)"),
        ])
    }

    private func variation(
        _ arguments: KaggleArguments, _ names: KaggleArguments, _ body: KaggleArguments, isFirst: Bool,
        _ request: Request
    ) -> Response {
        guard let owner = arguments.text("ownerSlug"), let slug = arguments.text("modelSlug"),
            let framework = names.text("framework").flatMap(KaggleFramework.handleName),
            let instance = names.text("instanceSlug"),
            let base = KaggleHandle(.model, folders: [owner, slug, framework, instance])
        else { return .kaggleRefusal(400, "ownerSlug, modelSlug, framework and instanceSlug are needed") }
        guard hasModel("\(owner)/\(slug)") else {
            return .kaggleRefusal(404, "there is no model \(owner)/\(slug) here")
        }
        switch make(base, body.json, isFirst: isFirst, body.json, request) {
        case .success(let number):
            return .json([
                "id": KaggleListings.number(base.text), "ref": .string("\(base.text)/\(number)"), "error": "",
                "url": .string("/models/\(base.text)/\(number)"), "versionNumber": .integer(number),
            ])
        case .failure(.refused(409, let reason)):
            return .json(["id": 0, "ref": "", "error": .string("\(base.text): \(reason)"), "errorCode": 409])
        case .failure(let problem): return problem.response
        }
    }

    private func make(
        _ base: KaggleHandle, _ tree: JSON, isFirst: Bool, _ metadata: JSON, _ request: Request
    ) -> Result<Int, KaggleUploadProblem> {
        if let refusal = refusal(base.parts[0], request) { return .failure(refusal) }
        guard !isTaken(base) else {
            return .failure(
                .refused(403, "this server's cache has \(base.text) of Kaggle's: choose another name"))
        }
        let maker = KaggleVersionMaker(
            store, user: request.holder?.name ?? "", isAdmin: request.holder?.scope == .admin)
        return Result { () throws(KaggleUploadProblem) in
            try maker.make(
                base, tree, isFirst: isFirst, metadata: isFirst ? KaggleUploads.metadata(metadata) : nil)
        }
    }

    private func refusal(_ owner: String, _ request: Request) -> KaggleUploadProblem? {
        guard request.holder.mayWrite(owner) else {
            let name = request.holder?.name ?? ""
            return .refused(403, "the token is for \(name), and not for uploads of \(owner)")
        }
        return nil
    }

    /// What is kept of what a call states: words, without files.
    private static func metadata(_ json: JSON) -> JSON {
        let names = [
            "title", "subtitle", "description", "licenseName", "overview", "usage", "provenanceSources",
            "baseModelInstance", "externalBaseModelUrl",
        ]
        return .object(
            names.compactMap { name in
                json[name]?.string.flatMap { text in
                    text.isEmpty || text.utf8.count > 1 << 16 ? nil : JSON.Member(name, .string(text))
                }
            })
    }
}
