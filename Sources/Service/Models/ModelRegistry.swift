package import Catalogue
import Formats
import Storage

/// The registry of models over REST: what is below `/ai-models`.
package struct ModelRegistry: RequestHandler {
    private let catalogue: ModelCatalogue
    private static let bodyLimit = 1 << 20

    /// Serves a catalogue.
    package init(_ catalogue: ModelCatalogue) { self.catalogue = catalogue }

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
            if let holder = request.holder, holder.scope == .read {
                throw ModelRefusal(403, "the token does not allow to upload")
            }
            let field = path[1] == "single" ? "file" : "zip_file"
            return .json(
                try ModelUpload(catalogue).take(request, field: field) { user throws(ModelRefusal) in
                    try mayChange(user, request)
                })
        case (2, "search", _):
            if let other = methods(request, ["GET", "HEAD"]) { return other }
            var filter = try filter(path[1], target)
            filter.words = (target.first("query") ?? "").split(separator: " ").map(String.init)
            guard filter.words.count <= ModelForm.tagLimit else {
                throw ModelRefusal(400, "there are more than \(ModelForm.tagLimit) words")
            }
            return try list(filter)
        case (1, _, _):
            if let other = methods(request, ["GET", "HEAD"]) { return other }
            return try list(try filter(path[0], target))
        case (2, _, _):
            if let other = methods(request, ["GET", "HEAD", "PUT", "DELETE"]) { return other }
            switch request.head.method {
            case "PUT": return try change(path, request)
            case "DELETE": return try delete(path, request)
            default: return .json(try version(path, target).document)
            }
        case (3, _, "files"):
            if let other = methods(request, ["GET", "HEAD"]) { return other }
            return .json(try version(path, target).document["files"] ?? .array([]))
        case (3, _, "download"):
            if let other = methods(request, ["GET", "HEAD"]) { return other }
            return try download(try version(path, target), request)
        default: throw ModelRefusal(404, "there is nothing at this path")
        }
    }

    private func methods(_ request: Request, _ allowed: [String]) -> Response? {
        guard !allowed.containsExactly(request.head.method) else { return nil }
        return ModelRefusal(405, "this path takes \(allowed.joined(separator: ", "))").response
            .with("Allow", allowed.joined(separator: ", "))
    }

    /// Users change what is theirs; whoever may do all, everything.
    private func mayChange(_ user: String, _ request: Request) throws(ModelRefusal) {
        guard let holder = request.holder else { return }
        guard holder.scope == .admin || (holder.scope == .write && holder.name.hasSameBytes(as: user)) else {
            throw ModelRefusal(403, "the token does not allow to change what belongs to \(user)")
        }
    }

    // MARK: Looking

    private func version(_ path: [String], _ target: RequestTarget) throws(ModelRefusal) -> ModelVersion {
        let (user, model, wanted) = try names(path, target)
        do throws(ModelCatalogue.Problem) {
            if let found = try catalogue.version(user: user, model: model, version: wanted) { return found }
        } catch {
            throw ModelRefusal(500, "the catalogue cannot be read")
        }
        throw ModelRegistry.missing(user, model, wanted)
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

    private func filter(_ user: String, _ target: RequestTarget) throws(ModelRefusal) -> ModelFilter {
        var filter = ModelFilter(user: try ModelForm.checkedName(user, "user_id"))
        filter.framework = try target.first("framework").map { text throws(ModelRefusal) in
            try ModelForm.word(text, "framework", ModelWords.frameworks)
        }
        filter.type = try target.first("model_type").map { text throws(ModelRefusal) in
            try ModelForm.word(text, "model_type", ModelWords.types)
        }
        filter.tags = try ModelForm.tags(target.all("tags").joined(separator: ","))
        filter.skip = try number(target.first("skip"), "skip", 0...1_000_000_000) ?? 0
        filter.limit = try number(target.first("limit"), "limit", 1...1000) ?? 100
        return filter
    }

    private func number(
        _ text: String?, _ name: String, _ range: ClosedRange<Int>
    ) throws(ModelRefusal) -> Int? {
        guard let text else { return nil }
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let value = Int(text),
            range.contains(value)
        else {
            throw ModelRefusal(400, "\(name) is a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    private func list(_ filter: ModelFilter) throws(ModelRefusal) -> Response {
        do throws(ModelCatalogue.Problem) {
            return .json(.array(try catalogue.documents(filter)))
        } catch {
            throw ModelRefusal(500, "the catalogue cannot be read")
        }
    }

    // MARK: Downloading

    private func download(_ version: ModelVersion, _ request: Request) throws(ModelRefusal) -> Response {
        var file = version.files.count == 1 ? version.files.first : nil
        if let name = request.head.target.first("filename") {
            file = version.files.first { $0.path.text.hasSameBytes(as: name) }
            guard file != nil else {
                throw ModelRefusal(404, "the version has no file \(name.withVisibleScalars)")
            }
        }
        var fields = HeaderFields()
        if let file {
            let path = catalogue.store.path(of: file.content.sha256)
            guard let status = try? FileStatus.status(of: path), status.size == file.content.size,
                let content = ServedContent(path: path, proved: status)
            else { throw ModelRefusal(500, "the file is missing in the store") }
            fields.append(
                "Content-Disposition", "attachment; filename*=UTF-8''\(RequestTarget.escaped(file.path.name))"
            )
            return FileAnswer(content: content, tag: "\"\(file.content.sha256)\"", fields: fields)
                .answer(request.head)
        }
        let archive = StoredZip(version.files)
        let store = catalogue.store
        var response = Response(
            200, .stream { sink in try archive.write(to: sink) { store.path(of: $0.content.sha256) } })
        response.fields.append("Content-Type", "application/zip")
        response.fields.append(
            "Content-Disposition",
            "attachment; filename*=UTF-8''\(RequestTarget.escaped("\(version.model)-\(version.version).zip"))"
        )
        return response
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
            throw ModelRefusal(500, "the catalogue cannot be written")
        }
        if let refusal { throw refusal }
        guard let document else { throw ModelRegistry.missing(user, model, wanted) }
        return .json(document)
    }

    private func delete(_ path: [String], _ request: Request) throws(ModelRefusal) -> Response {
        let (user, model, version) = try names(path, request.head.target)
        try mayChange(user, request)
        let count: Int
        do throws(ModelCatalogue.Problem) {
            count = try catalogue.delete(user: user, model: model, version: version)
        } catch {
            throw ModelRefusal(500, "the catalogue cannot be written")
        }
        guard count > 0 else { throw ModelRefusal(404, "there is no \(user)/\(model)") }
        return .json(["deleted": .integer(count)])
    }
}
