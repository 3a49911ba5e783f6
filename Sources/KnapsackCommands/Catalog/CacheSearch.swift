import Caches
import Formats
import Manifests
import ModelFacts
import Storage
import Transfer

/// `search cache`: the same questions, answered from what files in the caches state.
struct CacheSearch {
    /// What is looked for.
    let query: CatalogQuery

    /// The revisions that have all that was asked for, sorted by name, or by the day of their last change.
    func results(_ catalog: Catalog) -> [FoundRepository] {
        var found = catalog.items.filter(accepts).map(CacheSearch.found)
        if query.order == .updated {
            found.sort {
                ($0.updated ?? "").hasSameBytes(as: $1.updated ?? "")
                    ? $0.name.precedesByBytes($1.name) : ($1.updated ?? "").precedesByBytes($0.updated ?? "")
            }
        }
        return Array(found.prefix(query.limit))
    }

    private func accepts(_ item: Catalog.Item) -> Bool {
        guard item.kind.hasSameBytes(as: query.kind.rawValue) else { return false }
        let name = item.name.lowercased()
        guard query.words.allSatisfy({ name.containsUTF8($0.lowercased()) }) else { return false }
        let card = item.facts.card
        return has(query.task, card?.pipelineTag.map { [$0] })
            && has(query.library, card?.library.map { [$0] })
            && has(query.language, card?.languages) && has(query.dataset, card?.datasets)
            && query.tags.allSatisfy { has($0, card?.tags) }
            && query.author.map { name.hasUTF8Prefix($0.lowercased() + "/") } ?? true
            && query.framework.map(item.facts.matches(framework:)) ?? true
            && hasLicense(item) && hasParameters(item)
    }

    private func has(_ wanted: String?, _ stated: [String]?) -> Bool {
        guard let wanted = wanted?.lowercased() else { return true }
        return (stated ?? []).contains { $0.lowercased().hasSameBytes(as: wanted) }
    }

    private func hasLicense(_ item: Catalog.Item) -> Bool {
        guard let wanted = query.license else { return true }
        guard let own = item.facts.license ?? item.facts.kaggleLicense else { return false }
        return LicenseName(wanted).accepts(LicenseName(own))
    }

    private func hasParameters(_ item: Catalog.Item) -> Bool {
        guard let range = query.parameters else { return true }
        return item.facts.parameters.map(range.contains) ?? false
    }

    private static func found(_ item: Catalog.Item) -> FoundRepository {
        let facts = item.facts
        var found = FoundRepository(item.source)
        found.task = facts.card?.pipelineTag
        found.library = facts.card?.library
        found.framework = facts.frameworks.first
        found.license = facts.license ?? facts.kaggleLicense
        found.parameters = facts.parameters
        found.size = item.inventory.size
        found.commit = item.revision
        found.tags = facts.card?.tags ?? []
        found.baseModels = facts.card?.baseModels ?? []
        found.updated = item.inventory.snapshot.files.map(\.status.modified).max().map(CacheSearch.day)
        return found
    }

    /// The day of a time in nanoseconds since 1970, by UTC.
    static func day(_ nanoseconds: Int64) -> String {
        // Howard Hinnant's days-to-civil: years begin in March.
        let days = Int(nanoseconds / 86_400_000_000_000) + 719_468
        let era = days / 146_097
        let dayOfEra = days % 146_097
        let year = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * year + year / 4 - year / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shifted + 2) / 5 + 1
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        func padded(_ number: Int, _ width: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
        }
        return "\(padded(year + era * 400 + (month <= 2 ? 1 : 0), 4))-\(padded(month, 2))-\(padded(day, 2))"
    }
}
