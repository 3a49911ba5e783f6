import Bundles
import Caches
import Formats
import Manifests
import ModelFacts
import Rules
import Service
import Transfer

/// What is kept of a revision that was read: the record of lists, and all that is known without reading its files again.
struct MarketRecord {
    /// What lists show.
    let summary: JSON
    /// All else, as `info --json` has it, and the lines to copy.
    let details: JSON

    /// Reads cards, configurations and headers.
    init(_ item: MarketItem) {
        let report = RepositoryReport(
            source: item.source?.text ?? item.id, kind: item.kind == "model" ? "model" : item.kind,
            info: nil, revision: item.revision, directory: nil,
            files: item.files.map { RemoteFile(path: $0.path, size: $0.size) }, read: item.files,
            ModelFileReader(), known: item.known, found: item.problems, cached: [])
        let all = report.json.filter { !["directory", "online", "cached", "page"].containsExactly($0.key) }
        details = .object(all + MarketRecord.lines(item, report))
        summary = MarketRecord.summary(item, report)
    }

    /// Takes what was kept; `nil` for what is no record.
    init?(_ text: String) {
        guard let json = try? JSON.parse(Array(text.utf8)), let summary = json["summary"],
            let details = json["details"]
        else { return nil }
        self.summary = summary
        self.details = details
    }

    /// What is kept.
    var text: String { (["summary": summary, "details": details] as JSON).compactText }

    private static func summary(_ item: MarketItem, _ report: RepositoryReport) -> JSON {
        func optional(_ text: String?) -> JSON { text.map(JSON.string) ?? .null }
        func texts(_ texts: [String]) -> JSON { .array(texts.map(JSON.string)) }
        let facts = report.facts
        let card = facts?.card
        let stated = item.stated
        let task = card?.pipelineTag ?? stated?["model_type"]?.string
        let framework = stated?["framework"]?.string
        let frameworks = facts?.frameworks ?? []
        let made = stated?["made"]
        let bases = made?["from"]?.string.map { [MarketItem.plainName($0)] } ?? card?.baseModels ?? []
        let isWhole = !report.problems.contains { $0.severity == .error }
        return [
            "id": .string(item.id), "name": .string(item.name), "kind": .string(item.kind),
            "origin": .string(item.origin), "user": stated?["user_id"] ?? .null,
            // Who may see it depends on both.
            "visibility": stated?["visibility"] ?? .null, "source": optional(item.source?.text),
            "revision": .string(item.revision), "refs": texts(item.refs),
            "title": optional(stated?["name"]?.string),
            "about": optional(stated?["description"]?.string.map { String($0.prefix(300)) }),
            "task": optional(task),
            "category": .string(MarketCategory.name(task: task, kind: item.kind)),
            "frameworks": texts(
                frameworks.isEmpty ? framework.map { [$0] } ?? [] : frameworks),
            "formats": texts((facts?.formats ?? []).map(\.rawValue)),
            "library": optional(card?.library),
            "license": optional(report.license ?? made?["license"]?.string),
            "tags": texts(
                Array((card?.tags ?? stated?["tags"]?.strings ?? []).prefix(100))),
            "languages": texts(Array((card?.languages ?? []).prefix(100))),
            "architectures": texts(facts?.config?.architectures ?? []),
            "base_models": texts(Array(bases.prefix(50))),
            "base_model_relation": optional(made?["relation"]?.string ?? card?.baseModelRelation),
            // What was measured when it was made here.
            "comparison": made?["comparison"] ?? .null,
            "adapter": .bool(facts.map { $0.adapter != AdapterFacts.none } ?? false),
            "dtypes": texts((facts?.weightBytes ?? []).map(\.dtype)),
            "quantization": optional(facts?.quantization?.text),
            "parameters": facts?.parameters.map(JSON.integer) ?? .null,
            "size": .integer(item.size), "files": .integer(item.files.count),
            "updated": item.updated > 0
                ? .string(CacheSearch.day(item.updated)) : optional(day(stated?["updated_at"]?.string)),
            "installed": .bool(item.origin != "catalogue" && isWhole), "complete": .bool(isWhole),
            "problems": .integer(report.problems.count { $0.severity != .note }),
            "accelerators": texts(
                report.fits.filter { $0.verdict != .no }.map(\.accelerator.rawValue)),
        ]
    }

    private static func day(_ time: String?) -> String? { time.map { String($0.prefix(10)) } }

    /// The lines for a manifest and for a notebook, of what a manifest can name.
    private static func lines(_ item: MarketItem, _ report: RepositoryReport) -> [JSON.Member] {
        guard let source = item.source, let origin = item.lockOrigin,
            let kind = ["model": Entry.Kind.model, "dataset": .dataset][item.kind]
        else { return [.init("manifest", .null), .init("notebook", .null)] }
        let name = EntryName.suggested(for: source)
        let entry = EntryText(kind, [("name", .text(name)), ("source", .text(source.text))])
        let notebook = NotebookLines.text(
            name, kind: kind, origin: origin, facts: report.facts?.lockFields() ?? [],
            paths: item.files.map(\.path))
        return [.init("manifest", .string(entry.text)), .init("notebook", .string(notebook))]
    }
}
