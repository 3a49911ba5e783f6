import Transfer

/// Where `search` looks; the raw value is its first word.
enum SearchPlace: String, CaseIterable {
    /// The Hugging Face Hub.
    case hub
    /// Kaggle.
    case kaggle
    /// The caches of this machine, without the network.
    case cache

    /// What sentences call it.
    var name: String {
        switch self {
        case .hub: "the Hub"
        case .kaggle: "Kaggle"
        case .cache: "the caches"
        }
    }

    /// Where something is found, in a sentence.
    var phrase: String { self == .cache ? "in \(name)" : "on \(name)" }

    /// Why a query cannot be answered there; `nil` if it can.
    func problem(_ query: CatalogQuery) -> String? {
        if self == .kaggle, query.kind == .space { return "--type space is for the Hub; Kaggle has none" }
        let unknown =
            switch self {
            case .hub: HubCatalog.unknown(query)
            case .kaggle: KaggleCatalog.unknown(query)
            case .cache: query.given.filter { $0 == .gated }
            }
        if let first = unknown.first {
            let kind = self == .cache ? "" : " of \(query.kind.rawValue)s"
            return "--\(first.rawValue): \(name) cannot be asked for that\(kind)"
        }
        guard let order = query.order else { return nil }
        switch (self, order) {
        case (.cache, .downloads), (.cache, .likes), (.cache, .votes), (.cache, .trending):
            return "--sort \(order.rawValue): the caches do not know it; they have updated"
        case (.hub, .downloads) where query.kind == .space:
            return "--sort downloads: the Hub does not count them for spaces"
        default: return nil
        }
    }
}
