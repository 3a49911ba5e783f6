import Formats
import Manifests

/// What a README begins with, so that it is a model card or a data set card of the Hub: licence, what it was made from, tags.
/// It is YAML between two lines of hyphens, of which a Markdown reader shows nothing or a table.
struct CardHeader {
    private let lock: Lock

    /// Takes the lock, from which the text follows.
    init(_ lock: Lock) { self.lock = lock }

    /// The header with its lines of hyphens, and a line break at the end.
    var text: String {
        var lines = ["---", "pretty_name: \(CardHeader.scalar(lock.bundle.title))"] + license
        lines += list("base_model", repositories(.model))
        lines += list("datasets", repositories(.dataset))
        lines += list("tags", ["knapsack"] + lock.bundle.keywords)
        return lines.joined(separator: "\n") + "\n---\n"
    }

    /// The Hub takes one of its identifiers, and a name of its own for everything else.
    private var license: [String] {
        let ids = Set(lock.packed.map { ExactName(LicenseName($0.license?.id ?? "unknown").id) }).sorted()
            .map(\.text)
        guard ids.count == 1, let id = ids.first,
            LicenseName.hubIdentifiers.contains(where: { $0.hasSameBytes(as: id) })
        else {
            return [
                "license: other", "license_name: \(CardHeader.scalar(ids.count == 1 ? ids[0] : "several"))",
            ]
        }
        return ["license: \(CardHeader.scalar(id))"]
    }

    /// The repositories of the Hub that entries are from, also those that are only converted from.
    private func repositories(_ kind: HubRepository.Kind) -> [String] {
        let all = lock.entries.compactMap { entry -> ExactName? in
            guard case .hub(let repository, _, _) = entry.origin, repository.kind == kind else { return nil }
            return ExactName(repository.id)
        }
        return Set(all).sorted().map(\.text)
    }

    private func list(_ key: String, _ values: [String]) -> [String] {
        values.isEmpty ? [] : ["\(key):"] + values.map { "- \(CardHeader.scalar($0))" }
    }

    /// A JSON string is a scalar of YAML.
    private static func scalar(_ text: String) -> String { JSON.string(text).compactText }
}
