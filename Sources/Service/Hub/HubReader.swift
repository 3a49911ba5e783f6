import Catalogue
import Formats
import Manifests

/// Who asks the mirror, and what he may.
struct HubReader {
    /// Whose token came with the request; `nil` where no tokens are asked for, and everybody may everything.
    let holder: AccessToken?

    /// Whether he sees a repository: a private one is its owner's alone.
    func sees(_ repository: StoredRepository) -> Bool {
        !repository.isPrivate || holder.owns(repository.owner)
    }

    /// Whether he may change what is in a namespace: users what has their name, whoever may do all, everything.
    func mayWrite(_ owner: String) -> Bool { holder.mayWrite(owner) }

    /// The name that his commits have.
    var author: String { holder?.name ?? "anonymous" }

    /// The name that what he sent is remembered by; `nil` for one who sees everything.
    var user: String? { holder.flatMap { $0.scope == .admin ? nil : $0.name } }

    /// Whether he sees all that somebody has, and not only what of it is public.
    func seesAll(of owner: String) -> Bool { holder.owns(owner) }
}
