import Formats

/// The marketplace interface: what there is, what each of it is, and what is wrong with the caches.
package struct Market: RequestHandler {
    private let shelf: MarketShelf

    /// Answers from a shelf.
    package init(_ shelf: MarketShelf) { self.shelf = shelf }

    /// Whether a path is one of the marketplace's.
    package static func owns(_ segments: [String]) -> Bool {
        guard segments.first == "api", segments.count > 1 else { return false }
        return segments[1] == "marketplace" || (segments[1] == "health" && segments.count == 2)
    }

    /// Has the next list look again, because somebody took something away, or from others.
    /// - Parameter hidden: the ids of what others see no more.
    package func forget(hidden: [String] = []) { shelf.forget(hidden: hidden) }

    /// The answer to a request whose path ``owns(_:)`` takes.
    package func answer(_ request: Request) -> Response {
        guard request.head.method == "GET" || request.head.method == "HEAD" else {
            return ModelRefusal.method(["GET", "HEAD"]).response
        }
        do throws(ModelRefusal) {
            let answer = try document(request)
            return .json(answer).with("Cache-Control", "no-store")
        } catch {
            return error.response
        }
    }

    private func document(_ request: Request) throws(ModelRefusal) -> JSON {
        let segments = request.head.target.segments
        let target = request.head.target
        let viewer = MarketViewer(request.holder)
        switch segments.dropFirst(2).first {
        case nil:
            guard let health = shelf.health() else {
                throw ModelRefusal(503, "somebody looks through the caches at this moment: ask again")
            }
            return viewer.shown(health, without: ["path", "paths", "notes"])
        case "models"? where segments.count == 3:
            return try MarketList(target).answer(shelf.view(viewer))
        case "models"?:
            return viewer.shown(
                try model(segments.dropFirst(3).joined(separator: "/"), target, viewer), without: ["notes"])
        case "search"? where segments.count == 3: return try search(request)
        default: throw ModelRefusal(404, "there is nothing at this path")
        }
    }

    private func model(
        _ id: String, _ target: RequestTarget, _ viewer: MarketViewer
    ) throws(ModelRefusal) -> JSON {
        let parameters = QueryParameters(target: target)
        let revision = try parameters.text("revision")
        let start = try parameters.number("tensors_from", 0...1_000_000_000) ?? 0
        let count = try parameters.number("tensors_limit", 0...2000) ?? 200
        guard let model = shelf.model(id).flatMap(viewer.form),
            let details = try shelf.details(model, revision: revision, tensors: start..<start + count)
        else { throw ModelRefusal(404, "there is no such model, or not in that revision") }
        let lineage = shelf.view(viewer).lineage.json(model)
        return .object((details.members ?? []) + [JSON.Member("lineage", lineage)])
    }

    private func search(_ request: Request) throws(ModelRefusal) -> JSON {
        let parameters = QueryParameters(target: request.head.target)
        var search = MarketSearch()
        let query = try parameters.text("query") ?? ""
        search.words = query.split(separator: " ").map(String.init)
        guard search.words.count <= 32 else { throw ModelRefusal(400, "there are more than 32 words") }
        search.task = try parameters.text("task")
        search.framework = try parameters.text("framework")
        search.license = try parameters.text("license")
        search.limit = try parameters.number("limit", 1...100) ?? 20
        var places: [String] = []
        for word in HeaderFields.list(try parameters.text("source") ?? "local") {
            guard word.hasSameBytes(as: "local") || MarketSearch.Service(rawValue: word) != nil else {
                throw ModelRefusal(400, "source is a list of local, hub and kaggle")
            }
            if !places.containsExactly(word) { places.append(word) }
        }
        guard
            places.allSatisfy({ $0.hasSameBytes(as: "local") })
                || !AccessControl.isFromAnotherSite(request.head)
        else { throw ModelRefusal(403, "pages of other sites may not search elsewhere") }
        let viewer = MarketViewer(request.holder)
        return [
            "query": .string(query),
            "sources": .array(
                places.map { place in
                    guard let service = MarketSearch.Service(rawValue: place) else {
                        return Market.json(place, .found(local(search, viewer)))
                    }
                    return Market.json(
                        place, shelf.search(search, on: service, isOwner: viewer.isOwner))
                }),
        ]
    }

    /// What this machine has, by name.
    private func local(_ search: MarketSearch, _ viewer: MarketViewer) -> [JSON] {
        let words = search.words + [search.task, search.framework, search.license].compactMap(\.self)
        let wanted = words.map { $0.lowercased() }
        return shelf.view(viewer).state.models.values
            .filter { model in wanted.allSatisfy { model.words.containsUTF8($0) } }
            .sorted {
                $0.name.hasSameBytes(as: $1.name)
                    ? $0.id.precedesByBytes($1.id) : $0.name.precedesByBytes($1.name)
            }
            .prefix(search.limit).map(\.summary)
    }

    private static func json(_ place: String, _ answer: MarketAnswer) -> JSON {
        let name = JSON.string(place)
        return switch answer {
        case .found(let results):
            ["source": name, "state": "ok", "detail": .null, "results": .array(results)]
        case .unreachable(let reason):
            ["source": name, "state": "unreachable", "detail": .string(reason), "results": []]
        case .unsupported(let reason):
            ["source": name, "state": "unsupported", "detail": .string(reason), "results": []]
        }
    }
}
