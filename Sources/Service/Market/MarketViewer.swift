import Formats

/// Who looks at the marketplace, and what is theirs to see.
struct MarketViewer {
    private let holder: AccessToken?

    /// - Parameter holder: whose token came with a request; `nil` where no tokens are asked for.
    init(_ holder: AccessToken?) { self.holder = holder }

    /// Whether it is whoever runs the server, as far as anybody can tell: the token allows all, or none is needed.
    var isOwner: Bool { holder.mayAll }

    /// What names all that is theirs to see; nothing for whoever sees all.
    var key: String { isOwner ? "" : "user " + (holder?.name ?? "") }

    /// Whether they may know that a model is there: all that the caches have, and of the registry what is theirs or public.
    func sees(_ model: MarketModel) -> Bool {
        guard let user = model.summary["user"]?.string else { return true }
        return holder.owns(user)
            || model.summary["visibility"]?.string?.hasSameBytes(as: "public") == true
    }

    /// What of a model is theirs to see: the newest version, or else the newest one that is public; `nil` for nothing.
    func form(_ model: MarketModel) -> MarketModel? { sees(model) ? model : model.open.first(where: sees) }

    /// What of all models is theirs to see.
    func shown(_ state: MarketShelf.State) -> MarketShelf.State {
        if isOwner { return state }
        var own = state
        own.models = state.models.compactMapValues(form)
        return own
    }

    /// A document without the members that state where things are on this machine, unless they run it.
    func shown(_ json: JSON, without names: [String]) -> JSON {
        isOwner ? json : MarketViewer.without(json, names)
    }

    private static func without(_ json: JSON, _ names: [String]) -> JSON {
        switch json {
        case .object(let members):
            .object(
                members.filter { !names.containsExactly($0.key) }
                    .map { JSON.Member($0.key, without($0.value, names)) })
        case .array(let elements): .array(elements.map { without($0, names) })
        default: json
        }
    }
}
