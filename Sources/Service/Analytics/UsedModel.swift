import Catalogue
import Formats
import Manifests

/// A model as clients call it who tell of its use, and whose it is here.
struct UsedModel {
    private let uploaded: [HubNames.Name]
    private let former: [FormerName]
    private let ids: [String]

    /// Looks up whatever clients write before and behind a name: "local:anna/small", "anna/small@v1".
    init(_ model: String, _ shelf: HubShelf) throws(Diagnostics) {
        let ends: [UInt8] = Array("@:#?".utf8)
        let parts = model.utf8.split(separator: UInt8(ascii: "/"))
        ids = zip(parts, parts.dropFirst()).compactMap { owner, name in
            let user =
                owner.lastIndex(of: UInt8(ascii: ":")).map { owner[owner.index(after: $0)...] } ?? owner
            let plain = name.prefix { !ends.contains($0) }
            guard let user = String(user), let plain = String(plain) else { return nil }
            return "\(user)/\(plain)"
        }
        var (uploaded, former): ([HubNames.Name], [FormerName]) = ([], [])
        for id in ids {
            uploaded += try shelf.uploaded(id)
            former += try shelf.formerlyUploaded(id)
        }
        (self.uploaded, self.former) = (uploaded, former)
    }

    /// Whose it is, or was when it was deleted; empty where it is nobody's here.
    ///
    /// Of names that differ by capitals alone the very name counts, and then one that its owner alone sees.
    var owner: String {
        let exact = uploaded.filter { ids.containsExactly($0.id) }
        for names in [exact, uploaded] {
            if let name = names.first(where: { !$0.isPublic }) ?? names.first { return name.owner }
        }
        return (former.first { ids.containsExactly($0.id) } ?? former.first)?.owner ?? ""
    }

    /// The owners whose events the holder of a token is told of, who may not do all: their own, and those of what they see here.
    ///
    /// Of a name that is nobody's here they are told nothing, as of one that they do not see: else whoever sends an event, and
    /// asks for it, would learn which of the two it is.
    func owners(for holder: AccessToken?, isCached: Bool) -> [String] {
        let visible = uploaded.filter { $0.isPublic || holder.owns($0.owner) }.map(\.owner)
        let own = holder.map { $0.isAnonymous ? [] : [$0.name] } ?? []
        return own + visible + (isCached || !visible.isEmpty ? [""] : [])
    }
}
