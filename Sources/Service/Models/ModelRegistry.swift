package import Catalogue
import Formats

/// The registry of models over REST: what is below `/ai-models`.
package struct ModelRegistry: RequestHandler {
    private let catalogue: ModelCatalogue
    private let downloads: ModelDownload
    private static let bodyLimit = 1 << 20

    /// Serves a catalogue.
    /// - Parameter prover: hashes what is not known to be what it was.
    package init(_ catalogue: ModelCatalogue, prover: FileProver) {
        self.catalogue = catalogue
        downloads = ModelDownload(catalogue, prover)
    }

    /// The answer to a request whose path begins with `/ai-models`.
    package func answer(_ request: Request) -> Response {
        do throws(ModelRefusal) {
            return try answer(Array(request.head.target.segments.dropFirst()), request)
        } catch {
            return error.response
        }
    }

    private func answer(_ path: [String], _ request: Request) throws(ModelRefusal) -> Response {
        let target = request.head.target
        switch (path.count, path.first, path.last) {
        case (2, "upload", "single"), (2, "upload", "folder"):
            if let other = methods(request, ["POST"]) { return other }
            // Before anything of the body is read, or asked for.
            guard request.holder.allows(.write) else {
                throw ModelRefusal(403, "the token does not allow to upload")
            }
            let field = path[1] == "single" ? "file" : "zip_file"
            let document = try ModelUpload(catalogue).take(request, field: field) {
                user throws(ModelRefusal) in
                try mayChange(user, request)
            }
            var response = Response.json(document)
            let names = ["user_id", "model_id", "version"].map { document[$0]?.string ?? "" }
            response.subject = "\(names[0])/\(names[1]) \(names[2])"
            return response
        case (2, "search", _):
            if let other = methods(request, ["GET", "HEAD"]) { return other }
            var filter = try filter(path[1], request)
            filter.words = (target.first("query") ?? "").split(separator: " ").map(String.init)
            guard filter.words.count <= ModelForm.tagLimit else {
                throw ModelRefusal(400, "there are more than \(ModelForm.tagLimit) words")
            }
            return try list(filter)
        case (1, _, _):
            if let other = methods(request, ["GET", "HEAD"]) { return other }
            return try list(try filter(path[0], request))
        case (2, _, _):
            if let other = methods(request, ["GET", "HEAD", "PUT", "DELETE"]) { return other }
            switch request.head.method {
            case "PUT": return try change(path, request)
            case "DELETE": return try delete(path, request)
            default: return DocumentAnswer.of(try version(path, request).text, request.head)
            }
        case (3, _, "files"):
            if let other = methods(request, ["GET", "HEAD"]) { return other }
            let text = try version(path, request).text
            let files = (try? JSON.parse(Array(text.utf8)))?["files"] ?? .array([])
            return DocumentAnswer.of(files.compactText, request.head)
        case (3, _, "download"):
            if let other = methods(request, ["GET", "HEAD"]) { return other }
            return try downloads.answer(try version(path, request, withFiles: true), request.head)
        default: throw ModelRefusal(404, "there is nothing at this path")
        }
    }

    private func methods(_ request: Request, _ allowed: [String]) -> Response? {
        guard !allowed.containsExactly(request.head.method) else { return nil }
        return ModelRefusal.method(allowed).response
    }

    /// Users change what is theirs; whoever may do all, everything.
    private func mayChange(_ user: String, _ request: Request) throws(ModelRefusal) {
        guard request.holder.mayWrite(user) else {
            throw ModelRefusal(403, "the token does not allow to change what belongs to \(user)")
        }
    }

    // MARK: Looking

    private func version(
        _ path: [String], _ request: Request, withFiles: Bool = false
    ) throws(ModelRefusal) -> FoundVersion {
        let (user, model, wanted) = try names(path, request.head.target)
        do throws(ModelCatalogue.Problem) {
            let found = try catalogue.find(
                user: user, model: model, version: wanted, isPublicOnly: !request.seesAll(of: user),
                withFiles: withFiles)
            if let found { return found }
        } catch {
            throw ModelRefusal(error)
        }
        throw ModelRegistry.missing(user, model, wanted)
    }

    /// The files of a version, as far as who asks sees it.
    /// - Parameter isMeant: whether it is the very version, by its document.
    func download(
        _ user: String, _ model: String, _ version: String, _ request: Request, _ isMeant: (JSON) -> Bool
    ) throws(ModelRefusal) -> Response {
        let found: FoundVersion?
        do throws(ModelCatalogue.Problem) {
            found = try catalogue.find(
                user: user, model: model, version: version, isPublicOnly: !request.seesAll(of: user),
                withFiles: true)
        } catch {
            throw ModelRefusal(error)
        }
        guard let found, let document = try? JSON.parse(Array(found.text.utf8)), isMeant(document) else {
            throw ModelRegistry.missing(user, model, version)
        }
        return try downloads.answer(found, request.head)
    }

    private static func missing(_ user: String, _ model: String, _ version: String?) -> ModelRefusal {
        ModelRefusal(404, "there is no \(user)/\(model)" + (version.map { " in version \($0)" } ?? ""))
    }

    private func names(
        _ path: [String], _ target: RequestTarget
    ) throws(ModelRefusal) -> (user: String, model: String, version: String?) {
        let version = try target.first("version").map { text throws(ModelRefusal) in
            try ModelForm.checkedName(text, "version")
        }
        return (
            try ModelForm.checkedName(path[0], "user_id"), try ModelForm.checkedName(path[1], "model_id"),
            version
        )
    }

    private func filter(_ user: String, _ request: Request) throws(ModelRefusal) -> ModelFilter {
        let target = request.head.target
        var filter = ModelFilter(
            user: try ModelForm.checkedName(user, "user_id"), isPublicOnly: !request.seesAll(of: user))
        filter.framework = try target.first("framework").map { text throws(ModelRefusal) in
            try ModelForm.word(text, "framework", ModelWords.frameworks)
        }
        filter.type = try target.first("model_type").map { text throws(ModelRefusal) in
            try ModelForm.word(text, "model_type", ModelWords.types)
        }
        filter.tags = try ModelForm.tags(target.all("tags").joined(separator: ","))
        let parameters = QueryParameters(target: target)
        filter.skip = try parameters.number("skip", 0...1_000_000_000) ?? 0
        filter.limit = try parameters.number("limit", 1...1000) ?? 100
        return filter
    }

    /// How many bytes of documents are held at once while a list is sent.
    private static let listPart = 1 << 20

    /// A list. Of a long one a part is read when the client has taken the part before, so that it takes no more memory than a
    /// short one.
    private func list(_ filter: ModelFilter) throws(ModelRefusal) -> Response {
        do throws(ModelCatalogue.Problem) {
            let numbers = try catalogue.numbers(filter)
            let first = try catalogue.texts(
                of: numbers[...], isPublicOnly: filter.isPublicOnly, limit: ModelRegistry.listPart)
            let begin = Array(("[" + first.texts.joined(separator: ",")).utf8)
            guard first.count < numbers.count else { return .document(.bytes(begin + Array("]".utf8))) }
            return .document(
                .stream { [catalogue] sink in
                    try sink.write(begin.span)
                    var rest = numbers[first.count...]
                    while !rest.isEmpty {
                        let next = try catalogue.texts(
                            of: rest, isPublicOnly: filter.isPublicOnly, limit: ModelRegistry.listPart)
                        for text in next.texts { try sink.write(Array(("," + text).utf8).span) }
                        rest = rest.dropFirst(next.count)
                    }
                    try sink.write(Array("]".utf8).span)
                })
        } catch {
            throw ModelRefusal(error)
        }
    }

    // MARK: Changing

    private func change(_ path: [String], _ request: Request) throws(ModelRefusal) -> Response {
        let (user, model, wanted) = try names(path, request.head.target)
        try mayChange(user, request)
        let body: [UInt8]
        do throws(RequestBody.Problem) {
            body = try request.body.bytes(limit: ModelRegistry.bodyLimit)
        } catch {
            throw ModelRefusal(error == .tooLarge ? 413 : 400, "the body of the request cannot be read")
        }
        guard let changes = try? JSON.parse(body) else { throw ModelRefusal(400, "the body is no JSON") }
        var refusal: ModelRefusal?
        let document: JSON?
        do throws(ModelCatalogue.Problem) {
            document = try catalogue.replace(user: user, model: model, version: wanted) { document in
                do throws(ModelRefusal) {
                    return try ModelDocument.changed(document, by: changes)
                } catch {
                    refusal = error
                    return nil
                }
            }
        } catch {
            throw ModelRefusal(error)
        }
        if let refusal { throw refusal }
        guard let document else { throw ModelRegistry.missing(user, model, wanted) }
        var response = Response.json(document)
        if changes["visibility"]?.string?.hasSameBytes(as: "private") == true {
            response.hides = ["local:\(user)/\(model)"]
        }
        return response
    }

    private func delete(_ path: [String], _ request: Request) throws(ModelRefusal) -> Response {
        let (user, model, version) = try names(path, request.head.target)
        try mayChange(user, request)
        let count: Int
        do throws(ModelCatalogue.Problem) {
            count = try catalogue.delete(user: user, model: model, version: version)
        } catch {
            throw ModelRefusal(error)
        }
        guard count > 0 else { throw ModelRegistry.missing(user, model, version) }
        var response = Response.json(["deleted": .integer(count)])
        response.hides = ["local:\(user)/\(model)"]
        return response
    }
}
