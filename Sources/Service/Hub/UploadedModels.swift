import Catalogue
import Formats
import Manifests
import Storage

/// The models of the registry as the Hub would have them: `USER/MODEL`, with a revision for each version, and `main` for the
/// newest one.
struct UploadedModels {
    private let catalogue: ModelCatalogue

    /// Those of a catalogue.
    init(_ catalogue: ModelCatalogue) { self.catalogue = catalogue }

    /// The ids, sorted; those that the Hub could not have are left out.
    func ids() throws(Diagnostics) -> [String] {
        do throws(ModelCatalogue.Problem) {
            return try catalogue.models().map { "\($0.user)/\($0.model)" }
                .filter { HubRepository.problem(inID: $0) == nil }
        } catch {
            throw HubShelf.broken
        }
    }

    /// The versions of a model as branches and tags; `nil` where there is no such model.
    func refs(_ repository: HubRepository) throws(Diagnostics) -> [HubShelf.Ref]? {
        let versions = try versions(repository)
        guard let newest = versions.last else { return nil }
        return [HubShelf.Ref(name: "main", commit: UploadedModels.commit(newest), isTag: false)]
            + versions.filter { !$0.version.hasSameBytes(as: "main") }
            .map { HubShelf.Ref(name: $0.version, commit: UploadedModels.commit($0), isTag: true) }
    }

    /// The version that a revision means; `nil` where there is no such model.
    func revision(_ repository: HubRepository, _ name: String) throws(Diagnostics) -> HubRevision? {
        let versions = try versions(repository)
        guard let newest = versions.last else { return nil }
        let found =
            name.hasSameBytes(as: "main")
            ? newest
            : versions.first {
                $0.version.hasSameBytes(as: name) || UploadedModels.commit($0).hasSameBytes(as: name)
            }
        guard let found else {
            throw Diagnostics(
                Diagnostic(code: .revisionNotCached, "there is no version \(name)", verdict: .undecided))
        }
        return HubRevision(
            found, of: repository, commit: UploadedModels.commit(found), contents: catalogue.store)
    }

    private func versions(_ repository: HubRepository) throws(Diagnostics) -> [ModelVersion] {
        let parts = repository.id.utf8.split(separator: UInt8(ascii: "/")).compactMap { String($0) }
        guard repository.kind == .model, parts.count == 2 else { return [] }
        do throws(ModelCatalogue.Problem) {
            return try catalogue.versions(user: parts[0], model: parts[1])
        } catch {
            throw HubShelf.broken
        }
    }

    /// A name for a version as git would give one: of what it is called, and of its files.
    private static func commit(_ version: ModelVersion) -> String {
        let files = version.files.map { "\($0.content.sha256) \($0.path.text)\n" }.joined()
        let text = "\(version.user)/\(version.model) \(version.version)\n\(files)"
        return (try? GitObject.name(.commit, Array(text.utf8)).hex) ?? String(repeating: "0", count: 40)
    }
}
