import Formats

/// A query in the words of the Hub's interface (huggingface_hub 2.4, `HfApi.list_models`, `list_datasets`, `list_spaces`).
struct HubSearchRequest: Equatable {
    /// The path below `/api/`, with the query: `models?search=qwen&limit=20`.
    let path: String

    /// The most results of one page.
    private static let pageLimit = 100

    /// What cannot be asked for, by kind.
    static func unknown(_ query: CatalogQuery) -> [CatalogQuery.Filter] {
        let unknown: Set<CatalogQuery.Filter> =
            switch query.kind {
            case .model: []
            case .dataset: [.framework, .dataset, .params]
            case .space: [.task, .library, .framework, .language, .params, .gated]
            }
        return query.given.filter(unknown.contains)
    }

    /// Puts the words together.
    init(_ query: CatalogQuery) {
        var items: [(String, String)] = []
        if !query.words.isEmpty { items.append(("search", query.words.joined(separator: " "))) }
        if let author = query.author { items.append(("author", author)) }
        items += HubSearchRequest.filters(query)
        if let parameters = query.parameters { items.append(("num_parameters", parameters.hubText)) }
        if let gated = query.gated { items.append(("gated", gated ? "true" : "false")) }
        if let sort = HubSearchRequest.sort(query.order) { items.append(("sort", sort)) }
        items.append(("limit", "\(min(max(query.limit, 1), HubSearchRequest.pageLimit))"))
        items += HubSearchRequest.properties(query.kind).map { ("expand", $0) }
        path =
            "\(query.kind.rawValue)s?"
            + items.map { "\($0.0)=\(WebAddress.segment($0.1))" }.joined(separator: "&")
    }

    private static func filters(_ query: CatalogQuery) -> [(String, String)] {
        var items: [(String, String)] = []
        func filter(_ value: String?, prefix: String = "") {
            if let value {
                items.append(("filter", value.hasUTF8Prefix(prefix) ? value : prefix + value))
            }
        }
        switch query.kind {
        case .model:
            if let task = query.task { items.append(("pipeline_tag", task)) }
            filter(query.library)
            filter(query.framework.map(tag(ofFramework:)))
            filter(query.language)
            filter(query.dataset, prefix: "dataset:")
        case .dataset:
            filter(query.task, prefix: "task_categories:")
            filter(query.library, prefix: "library:")
            filter(query.language, prefix: "language:")
        case .space:
            if let dataset = query.dataset { items.append(("datasets", dataset)) }
        }
        filter(query.license?.lowercased(), prefix: "license:")
        for tag in query.tags { filter(tag) }
        return items
    }

    /// The Hub's tag for a framework: "tf" is TensorFlow's.
    private static func tag(ofFramework name: String) -> String {
        let plain = name.lowercased().filter { $0.isASCII && ($0.isLetter || $0.isNumber) }
        switch plain {
        case "tensorflow", "tensorflow2", "tf2": return "tf"
        case "torch": return "pytorch"
        case "flax": return "jax"
        case "scikitlearn": return "sklearn"
        case "tensorrtllm": return "tensorrt"
        default: return name.lowercased()
        }
    }

    private static func sort(_ order: CatalogQuery.Order?) -> String? {
        switch order {
        case .downloads: "downloads"
        case .likes, .votes: "likes"
        case .trending: "trendingScore"
        case .updated: "lastModified"
        case nil: nil
        }
    }

    /// What the Hub is to state of each result.
    private static func properties(_ kind: CatalogQuery.Kind) -> [String] {
        switch kind {
        case .model:
            [
                "downloads", "gated", "gguf", "lastModified", "library_name", "likes", "pipeline_tag",
                "private", "safetensors", "sha", "tags",
            ]
        case .dataset:
            ["downloads", "gated", "lastModified", "likes", "private", "sha", "tags", "usedStorage"]
        case .space: ["lastModified", "likes", "private", "sdk", "sha", "tags", "usedStorage"]
        }
    }
}
