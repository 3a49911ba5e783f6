import Catalogue
import Formats
import Manifests
import Synchronization

/// The ids of what people uploaded, read once until something is changed: every page of a list needs all of them.
final class HubNames: Sendable {
    /// A repository, or a model of the registry.
    struct Name: Sendable {
        /// Its id.
        let id: String
        /// Whose it is.
        let owner: String
        /// Whether all see it.
        let isPublic: Bool
    }

    private struct Known {
        let generation: Int
        let names: [Name]
    }

    private let catalogue: ModelCatalogue
    private let known = Mutex<[HubRepository.Kind: Known]>([:])

    /// Those of a catalogue.
    init(_ catalogue: ModelCatalogue) { self.catalogue = catalogue }

    /// Those of a kind, sorted by the bytes of their ids, each once. Of a repository and a model of the registry with one id it
    /// is enough that all see one of them.
    func names(_ kind: HubRepository.Kind) throws(Diagnostics) -> [Name] {
        let generation = catalogue.generation
        if let known = known.withLock({ $0[kind] }), known.generation == generation { return known.names }
        var all: [ExactName: Name] = [:]
        do throws(ModelCatalogue.Problem) {
            for model in kind == .model ? try catalogue.models() : [] {
                let id = "\(model.user)/\(model.model)"
                // The Hub could have no such one.
                guard HubRepository.problem(inID: id) == nil else { continue }
                all[ExactName(id)] = Name(id: id, owner: model.user, isPublic: model.isPublic)
            }
        } catch {
            throw HubShelf.broken
        }
        do throws(RepositoryStore.Problem) {
            for stored in try RepositoryStore(catalogue).all(kind) {
                let id = stored.repository.id
                let isPublic = !stored.isPrivate || all[ExactName(id)]?.isPublic == true
                all[ExactName(id)] = Name(id: id, owner: stored.owner, isPublic: isPublic)
            }
        } catch {
            throw HubShelf.broken
        }
        let names = all.values.sorted { $0.id.precedesByBytes($1.id) }
        known.withLock { $0[kind] = Known(generation: generation, names: names) }
        return names
    }
}
