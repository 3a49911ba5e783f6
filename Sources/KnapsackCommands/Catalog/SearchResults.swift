import Formats
import Manifests
import Transfer

/// What a search found, as a table and for `--json`.
struct SearchResults {
    /// The results, in the order of the place.
    let found: [FoundRepository]
    /// What the caches have.
    let cache: CacheState
    /// Where was searched.
    let place: SearchPlace
    /// What was looked for.
    let kind: CatalogQuery.Kind

    /// The table, as wide as the terminal at most.
    func text(width: Int) -> String {
        Table(columns, rows: found.map(row)).text(width: width)
    }

    private var columns: [Table.Column] {
        let isModel = kind == .model
        return [
            .init(title: "NAME", canShrink: true, least: 26),
            .init(title: "DOWNLOADS", isNumber: true, dropRank: isCounted ? nil : 9),
            .init(title: place == .kaggle ? "VOTES" : "LIKES", isNumber: true),
            .init(title: "PARAMS", isNumber: true, dropRank: isModel && place == .hub ? 5 : 8),
            .init(title: "SIZE", isNumber: true),
            .init(title: "LICENCE", canShrink: true, least: 8),
            .init(title: "ACCESS", dropRank: 3), .init(title: "UPDATED", dropRank: 6),
            .init(title: "CACHED", isNumber: true),
        ]
    }

    /// Whether anybody counts downloads.
    private var isCounted: Bool { found.contains { $0.downloads != nil } }

    private func row(_ one: FoundRepository) -> [String] {
        [
            one.name, one.downloads.map(ParameterText.text) ?? "-", one.likes.map(ParameterText.text) ?? "-",
            one.parameters.map(ParameterText.text) ?? "-", one.size.map(ByteCount.text) ?? "-",
            one.license ?? "-", one.access.rawValue, one.updated ?? "-",
            cache.cell(one.source, commit: one.commit),
        ]
    }

    /// The records of `--json`.
    var json: JSON { .array(found.map { SearchResults.json($0, cached: cache.json($0.source)) }) }

    /// The record of one repository.
    static func json(_ one: FoundRepository, cached: JSON) -> JSON {
        func optional(_ text: String?) -> JSON { text.map(JSON.string) ?? .null }
        func optional(_ count: Int?) -> JSON { count.map(JSON.integer) ?? .null }
        return [
            "name": .string(one.name), "source": .string(one.source.text), "title": optional(one.title),
            "task": optional(one.task), "library": optional(one.library),
            "framework": optional(one.framework), "license": optional(one.license),
            "access": .string(one.access.rawValue), "downloads": optional(one.downloads),
            "likes": optional(one.likes), "parameters": optional(one.parameters),
            "size": optional(one.size), "weights_only": .bool(one.isWeightsOnly),
            "updated": optional(one.updated), "commit": optional(one.commit),
            "base_models": .array(one.baseModels.map(JSON.string)),
            "tags": .array(one.tags.map(JSON.string)), "cached": cached,
        ]
    }
}
