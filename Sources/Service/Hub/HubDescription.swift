import Catalogue
import Formats
import Manifests
import ModelFacts

/// What the Hub states of a repository, as far as its files state it.
struct HubDescription {
    private let revision: HubRevision
    private let facts: ModelFacts

    /// Reads what the files state.
    init(_ revision: HubRevision) {
        self.revision = revision
        facts = revision.modelFacts()
    }

    /// The tags as the Hub makes them of the card, each once.
    var tags: [String] {
        var tags = facts.card?.tags ?? []
        tags += facts.formats.map(\.rawValue)
        if let library = facts.card?.library { tags.append(library) }
        if let license = facts.card?.license { tags.append("license:\(license)") }
        tags += (facts.card?.baseModels ?? []).map { "base_model:\($0)" }
        tags += (facts.card?.languages ?? []) + (facts.card?.datasets ?? []).map { "dataset:\($0)" }
        var seen: Set<ExactName> = []
        return tags.filter { seen.insert($0).inserted }
    }

    /// What library loads it; `nil` where nothing states it.
    var library: String? { facts.card?.library ?? facts.frameworks.first }
    /// What it is for; `nil` where nothing states it.
    var task: String? { facts.card?.pipelineTag }
    /// The licence; `nil` where nothing states it.
    var license: String? { facts.license }

    /// The document of `/api/models/ORG/NAME`, or of a data set or a space.
    func json(siblings: [JSON]) -> JSON {
        let id = revision.repository.id
        let owner = id.utf8.contains(UInt8(ascii: "/")) ? Path.parent(id) : nil
        var members: [JSON.Member] = [
            JSON.Member("_id", .string(String(revision.commit.prefix(24)))),
            JSON.Member("id", .string(id)),
        ]
        if revision.repository.kind == .model { members.append(JSON.Member("modelId", .string(id))) }
        if let owner { members.append(JSON.Member("author", .string(owner))) }
        members += [
            JSON.Member("sha", .string(revision.commit)),
            JSON.Member("lastModified", .string(revision.date)),
            JSON.Member(
                "createdAt",
                .string(
                    revision.stored.map { HTTPDate.isoText($0.repository.created) } ?? revision.date)),
            JSON.Member("private", .bool(revision.stored?.repository.isPrivate ?? false)),
            JSON.Member("gated", false), JSON.Member("disabled", false),
            JSON.Member("downloads", 0), JSON.Member("likes", 0),
            JSON.Member("tags", .array(tags.map(JSON.string))),
        ]
        if let task { members.append(JSON.Member("pipeline_tag", .string(task))) }
        if revision.repository.kind == .model, let library {
            members.append(JSON.Member("library_name", .string(library)))
        }
        if let config = facts.config {
            var parts = [JSON.Member("architectures", .array(config.architectures.map(JSON.string)))]
            if let type = config.modelType { parts.append(JSON.Member("model_type", .string(type))) }
            members.append(JSON.Member("config", .object(parts)))
        }
        if let card { members.append(JSON.Member("cardData", card)) }
        members.append(JSON.Member("siblings", .array(siblings)))
        return .object(members)
    }

    private var card: JSON? {
        guard let card = facts.card else { return nil }
        func list(_ key: String, _ values: [String]) -> JSON.Member? {
            values.isEmpty ? nil : JSON.Member(key, .array(values.map(JSON.string)))
        }
        func one(_ key: String, _ value: String?) -> JSON.Member? {
            value.map { JSON.Member(key, .string($0)) }
        }
        let members = [
            one("license", card.license), one("license_name", card.licenseName),
            one("license_link", card.licenseLink), list("base_model", card.baseModels),
            one("base_model_relation", card.baseModelRelation), one("library_name", card.library),
            one("pipeline_tag", card.pipelineTag), list("tags", card.tags), list("language", card.languages),
            list("datasets", card.datasets),
        ]
        return .object(members.compactMap(\.self))
    }
}
