import Caches
import Formats
import Manifests
import Storage

/// What `/api/models?search=…` asks for, among what is in the cache.
struct HubSearch {
    private let kind: HubRepository.Kind
    private let texts: [String]
    private let author: String?
    private let filters: [String]
    private let task: String?
    private let limit: Int
    private let start: Int
    private let isFull: Bool
    private let target: RequestTarget
    private let base: String

    /// The most repositories of one answer, as on the Hub.
    private static let pageSize = 1000
    /// How long one page is looked for, in nanoseconds: by what a card states very many models are read.
    private static let patience: Int64 = 2_000_000_000

    /// Reads the query of a request.
    init(_ request: Request, _ kind: HubRepository.Kind) {
        let target = request.head.target
        self.kind = kind
        self.target = target
        base = request.base
        texts = target.all("search").flatMap { $0.lowercased().split(separator: " ").map(String.init) }
        author = target.first("author")
        filters = (target.all("filter") + target.all("tags") + target.all("library"))
            .flatMap { HeaderFields.list($0) }.map { $0.lowercased() }
        task = target.first("pipeline_tag")
        limit = min(
            max(1, target.first("limit").flatMap { Int($0) } ?? HubSearch.pageSize), HubSearch.pageSize)
        start = max(0, target.first("cursor").flatMap { Int($0) } ?? 0)
        isFull = target.first("full")?.lowercased() == "true"
    }

    /// One page of what is found, by name.
    func answer(_ shelf: HubShelf, _ reader: HubReader) -> Response {
        let names: [HubRepository]
        do throws(Diagnostics) {
            names = try shelf.repositories(kind, reader, accepts)
        } catch {
            return .hubRefusal(500, nil, "the catalogue cannot be read")
        }
        var found: [JSON] = []
        var position = start
        // A page may be short, also of nothing: clients go on with the next one.
        let end = steadyTime() + HubSearch.patience
        while position < names.count, found.count < limit, position == start || steadyTime() < end {
            if let json = entry(names[position], shelf, reader) { found.append(json) }
            position += 1
        }
        let response = Response.json(.array(found))
        guard position < names.count else { return response }
        return response.with("Link", nextPage(position))
    }

    private func nextPage(_ position: Int) -> String {
        let rest = target.query.filter { $0.name != "cursor" }
            .map { "\(RequestTarget.escaped($0.name))=\(RequestTarget.escaped($0.value))" }
        let query = (rest + ["cursor=\(position)"]).joined(separator: "&")
        // Absolute, and by the name that the client uses: huggingface_hub resolves no relative address.
        return "<\(base)/api/\(kind.rawValue)s?\(query)>; rel=\"next\""
    }

    private func accepts(_ id: String) -> Bool {
        let low = id.lowercased()
        guard texts.allSatisfy({ low.containsUTF8($0) }) else { return false }
        return author.map { low.hasUTF8Prefix($0.lowercased() + "/") } ?? true
    }

    private func entry(_ repository: HubRepository, _ shelf: HubShelf, _ reader: HubReader) -> JSON? {
        guard let revision = try? shelf.shown(repository, reader) else { return nil }
        let description = HubDescription(revision)
        let words =
            description.tags.map { $0.lowercased() } + [description.library?.lowercased()].compactMap(\.self)
        guard filters.allSatisfy({ words.containsExactly($0) }),
            task.map({ $0.hasSameBytes(as: description.task ?? "") }) ?? true
        else { return nil }
        let siblings = isFull ? revision.entries.map { ["rfilename": .string($0.path.text)] as JSON } : []
        return description.json(siblings: siblings)
    }
}
