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
        let shown = columns.filter { column in found.contains { column.isStated($0) } }
        return Table(
            shown.map(\.heading), rows: found.map { one in shown.map { $0.cell(one) ?? "-" } }
        ).text(width: width)
    }

    /// A column, which is left out where nobody states anything for it.
    private struct Column {
        let heading: Table.Column
        var isAlwaysShown = false
        let cell: (FoundRepository) -> String?

        func isStated(_ one: FoundRepository) -> Bool { isAlwaysShown || cell(one) != nil }
    }

    private var columns: [Column] {
        [
            Column(heading: .init(title: "NAME", canShrink: true, least: 26)) { $0.name },
            Column(heading: .init(title: "DOWNLOADS", isNumber: true)) {
                $0.downloads.map(ParameterText.text)
            },
            Column(heading: .init(title: place == .kaggle ? "VOTES" : "LIKES", isNumber: true)) {
                $0.likes.map(ParameterText.text)
            },
            Column(heading: .init(title: "PARAMS", isNumber: true, dropRank: 5)) {
                $0.parameters.map(ParameterText.text)
            },
            Column(heading: .init(title: "SIZE", isNumber: true)) { $0.size.map(ByteCount.text) },
            Column(
                heading: .init(title: "LICENCE", canShrink: true, least: 8), isAlwaysShown: true
            ) { $0.license },
            Column(heading: .init(title: "ACCESS", dropRank: 3)) {
                $0.access == .unknown ? nil : $0.access.rawValue
            },
            Column(heading: .init(title: "UPDATED", dropRank: 6)) { $0.updated },
            Column(heading: .init(title: "CACHED", isNumber: true)) { [cache] one in
                cache.cell(one.source, commit: one.commit)
            },
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
