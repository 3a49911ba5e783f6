import Formats

/// From what a model was made, and what was made from it, as cards state it.
struct MarketLineage {
    private let byName: [ExactName: MarketModel]
    /// What states that it was made from a name in small letters.
    private let children: [ExactName: [MarketModel]]

    /// How many steps are followed: real chains have three or four.
    private static let depth = 8
    /// The most models that are listed.
    private static let most = 200

    /// Among these models.
    init(_ models: [ExactName: MarketModel]) {
        byName = Dictionary(
            models.values.map { (ExactName($0.plainName.lowercased()), $0) },
            uniquingKeysWith: { $0.id.precedesByBytes($1.id) ? $0 : $1 })
        var children: [ExactName: [MarketModel]] = [:]
        for model in models.values {
            for name in model.bases { children[ExactName(name.lowercased()), default: []].append(model) }
        }
        self.children = children
    }

    /// The bases, nearest first, and what was made from it.
    func json(_ model: MarketModel) -> JSON {
        ["bases": .array(bases(of: model)), "derived": .array(derived(from: model))]
    }

    private func bases(of model: MarketModel) -> [JSON] {
        var found: [JSON] = []
        var seen: Set<ExactName> = [ExactName(model.plainName.lowercased())]
        var level = [model]
        for distance in 1...MarketLineage.depth {
            var next: [MarketModel] = []
            for child in level {
                for name in child.bases where found.count < MarketLineage.most {
                    guard seen.insert(ExactName(name.lowercased())).inserted else { continue }
                    let known = byName[ExactName(name.lowercased())]
                    found.append(
                        MarketLineage.entry(known, name: name, distance, relation: child.relation))
                    if let known { next.append(known) }
                }
            }
            if next.isEmpty { break }
            level = next
        }
        return found
    }

    private func derived(from model: MarketModel) -> [JSON] {
        var found: [JSON] = []
        var seen: Set<ExactName> = [ExactName(model.id)]
        var level: Set<ExactName> = [ExactName(model.plainName.lowercased())]
        for distance in 1...MarketLineage.depth {
            var next: Set<ExactName> = []
            let made = level.flatMap { children[$0] ?? [] }.sorted { $0.id.precedesByBytes($1.id) }
            for child in made where found.count < MarketLineage.most {
                guard seen.insert(ExactName(child.id)).inserted else { continue }
                next.insert(ExactName(child.plainName.lowercased()))
                found.append(
                    MarketLineage.entry(child, name: child.plainName, distance, relation: child.relation))
            }
            if next.isEmpty { break }
            level = next
        }
        return found
    }

    private static func entry(
        _ model: MarketModel?, name: String, _ distance: Int, relation: String?
    ) -> JSON {
        [
            "name": .string(model?.summary["name"]?.string ?? name),
            "id": model.map { .string($0.id) } ?? .null, "distance": .integer(distance),
            "relation": relation.map(JSON.string) ?? .null,
            "size": model.map { .integer($0.size) } ?? .null,
            "quantization": model?.summary["quantization"] ?? .null,
            "comparison": model?.summary["comparison"] ?? .null,
        ]
    }
}

extension MarketModel {
    /// How it was made from its base, where its card states it, or its files show it.
    fileprivate var relation: String? {
        if let stated = summary["base_model_relation"]?.string { return stated }
        guard !bases.isEmpty else { return nil }
        if summary["adapter"]?.bool == true { return "adapter" }
        return summary["quantization"]?.string == nil ? nil : "quantized"
    }
}
