import Formats

/// A query in the words of Kaggle's interface (kagglesdk 0.1.38, `ListModels` and `ListDatasets`).
struct KaggleSearchRequest: Equatable {
    /// Whether models are looked for, and not data sets.
    let isOfModels: Bool
    private let members: [JSON.Member]

    /// The most results of one page that both methods take.
    static let pageLimit = 50
    /// The most pages that are asked for: what Kaggle cannot be asked for is looked for in what it lists.
    static let pages = 10

    /// What neither can be asked for nor is in the answers.
    static func unknown(_ query: CatalogQuery) -> [CatalogQuery.Filter] {
        let unknown: Set<CatalogQuery.Filter> =
            query.kind == .model
            ? [.task, .library, .language, .dataset, .params, .gated]
            : [.task, .library, .framework, .language, .dataset, .params, .gated]
        return query.given.filter(unknown.contains)
    }

    /// Puts the words together.
    init(_ query: CatalogQuery) {
        let search = query.words.joined(separator: " ")
        var members: [JSON.Member] = []
        isOfModels = query.kind == .model
        if !search.isEmpty { members.append(JSON.Member("search", .string(search))) }
        switch query.kind {
        case .model:
            if let author = query.author { members.append(JSON.Member("owner", .string(author))) }
            members.append(JSON.Member("sortBy", .string(KaggleSearchRequest.modelOrder(query.order))))
        case .dataset, .space:
            if let author = query.author {
                members.append(JSON.Member("group", "DATASET_SELECTION_GROUP_USER"))
                members.append(JSON.Member("user", .string(author)))
            }
            members.append(JSON.Member("sortBy", .string(KaggleSearchRequest.datasetOrder(query.order))))
        }
        members.append(JSON.Member("pageSize", .integer(KaggleSearchRequest.pageLimit)))
        self.members = members
    }

    /// The call for a page.
    /// - Parameter page: what the page before named; `nil` for the first.
    func call(page: String?) -> KaggleCall {
        let all = members + (page.map { [JSON.Member("pageToken", .string($0))] } ?? [])
        return isOfModels ? KaggleCall.searchModels(all) : KaggleCall.searchDatasets(all)
    }

    /// The key of an answer's results.
    var results: String { isOfModels ? "models" : "datasets" }

    private static func modelOrder(_ order: CatalogQuery.Order?) -> String {
        let name =
            switch order {
            case .downloads: "DOWNLOAD_COUNT"
            case .likes, .votes: "VOTE_COUNT"
            case .updated: "UPDATE_TIME"
            case .trending, nil: "HOTNESS"
            }
        return "LIST_MODELS_ORDER_BY_\(name)"
    }

    private static func datasetOrder(_ order: CatalogQuery.Order?) -> String {
        let name =
            switch order {
            case .downloads: "DOWNLOAD_COUNT"
            case .likes, .votes: "VOTES"
            case .updated: "UPDATED"
            case .trending, nil: "HOTTEST"
            }
        return "DATASET_SORT_BY_\(name)"
    }
}
