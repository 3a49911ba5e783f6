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
        /// Whether the Hub could have it.
        let isListed: Bool
    }

    private struct Known {
        let generation: Int
        let names: [Name]
        /// Where they are, by their ids in small letters: names of the registry may differ by capitals alone.
        let places: [ExactName: [Int]]
        /// What is gone, by its id in small letters.
        let former: [ExactName: [FormerName]]
    }

    private let catalogue: ModelCatalogue
    private let known = Mutex<[HubRepository.Kind: Known]>([:])

    /// Those of a catalogue.
    init(_ catalogue: ModelCatalogue) { self.catalogue = catalogue }

    /// Those of a kind, sorted by the bytes of their ids, each once. Of a repository and a model of the registry with one id it
    /// is enough that all see one of them.
    func names(_ kind: HubRepository.Kind) throws(Diagnostics) -> [Name] { try read(kind).names }

    /// Whether there is one of this id, in whatever capitals, or was one that its owner alone saw.
    func isTaken(_ repository: HubRepository) throws(Diagnostics) -> Bool {
        let known = try read(repository.kind)
        let low = ExactName(repository.id.lowercased())
        return known.places[low] != nil || known.former[low] != nil
    }

    /// All that have this id, in whatever capitals.
    func named(_ id: String) throws(Diagnostics) -> [Name] {
        var found: [Name] = []
        for kind in HubRepository.Kind.allCases {
            let known = try read(kind)
            found += (known.places[ExactName(id.lowercased())] ?? []).map { known.names[$0] }
        }
        return found
    }

    /// All that had this id, in whatever capitals, and that their owners alone saw.
    func former(_ id: String) throws(Diagnostics) -> [FormerName] {
        var found: [FormerName] = []
        for kind in HubRepository.Kind.allCases {
            found += try read(kind).former[ExactName(id.lowercased())] ?? []
        }
        return found
    }

    private func read(_ kind: HubRepository.Kind) throws(Diagnostics) -> Known {
        let generation = catalogue.generation
        if let known = known.withLock({ $0[kind] }), known.generation == generation { return known }
        var all: [ExactName: Name] = [:]
        var former: [ExactName: [FormerName]] = [:]
        do throws(ModelCatalogue.Problem) {
            for name in try catalogue.formerNames(kind) {
                former[ExactName(name.id.lowercased()), default: []].append(name)
            }
            for model in kind == .model ? try catalogue.models() : [] {
                let id = "\(model.user)/\(model.model)"
                all[ExactName(id)] = Name(
                    id: id, owner: model.user, isPublic: model.isPublic,
                    isListed: HubRepository.problem(inID: id) == nil)
            }
        } catch {
            throw HubShelf.broken
        }
        do throws(RepositoryStore.Problem) {
            for stored in try RepositoryStore(catalogue).all(kind) {
                let id = stored.repository.id
                let isPublic = !stored.isPrivate || all[ExactName(id)]?.isPublic == true
                all[ExactName(id)] = Name(
                    id: id, owner: stored.owner, isPublic: isPublic, isListed: true)
            }
        } catch {
            throw HubShelf.broken
        }
        let names = all.values.sorted { $0.id.precedesByBytes($1.id) }
        let fresh = Known(
            generation: generation, names: names,
            places: Dictionary(
                names.enumerated().map { (ExactName($1.id.lowercased()), [$0]) }, uniquingKeysWith: +),
            former: former)
        known.withLock { $0[kind] = fresh }
        return fresh
    }
}
