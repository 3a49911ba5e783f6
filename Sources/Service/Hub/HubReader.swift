import Catalogue
import Formats
import Manifests

/// Who asks the mirror, and what he may.
struct HubReader {
    /// Whose token came with the request; `nil` where no tokens are asked for, and everybody may everything.
    let holder: AccessToken?

    /// Whether he sees a repository: a private one is its owner's alone.
    func sees(_ repository: StoredRepository) -> Bool { !repository.isPrivate || owns(repository.owner) }

    /// Whether he may change what is in a namespace: users what has their name, whoever may do all, everything.
    func mayWrite(_ owner: String) -> Bool {
        guard let holder else { return true }
        return holder.scope == .admin || (holder.scope == .write && holder.name.hasSameBytes(as: owner))
    }

    /// The name that his commits have.
    var author: String { holder?.name ?? "anonymous" }

    /// The name that what he sent is remembered by; `nil` for one who sees everything.
    var user: String? { holder.flatMap { $0.scope == .admin ? nil : $0.name } }

    private func owns(_ owner: String) -> Bool {
        guard let holder else { return true }
        return holder.scope == .admin || holder.name.hasSameBytes(as: owner)
    }
}
