import Catalogue
import Formats
import Manifests
import Storage
import Synchronization

/// The models of the registry as the Hub would have them: `USER/MODEL`, with a revision for each version, and `main` for the
/// newest one. What was read is taken for what it was for some seconds, unless something is changed: what is deleted or made private
/// is so at once.
final class UploadedModels: Sendable {
    private struct Version {
        let name: String
        let revision: HubRevision
    }

    private struct Known {
        let versions: [Version]
        let generation: Int
        let readAt: Int64
    }

    private let catalogue: ModelCatalogue
    private let known = Mutex<[ExactName: Known]>([:])

    /// How long, in nanoseconds, and of how many models.
    private static let life: Int64 = 2_000_000_000
    private static let room = 64

    /// Those of a catalogue.
    init(_ catalogue: ModelCatalogue) { self.catalogue = catalogue }

    /// The versions of a model as branches and tags; `nil` where there is no such model.
    func refs(_ repository: HubRepository, _ reader: HubReader) throws(Diagnostics) -> [HubShelf.Ref]? {
        let versions = try versions(repository, reader)
        guard let newest = versions.last else { return nil }
        return [HubShelf.Ref(name: "main", commit: newest.revision.commit, isTag: false)]
            + versions.filter { !$0.name.hasSameBytes(as: "main") }
            .map { HubShelf.Ref(name: $0.name, commit: $0.revision.commit, isTag: true) }
    }

    /// The version that a revision means; `nil` where there is no such model.
    func revision(
        _ repository: HubRepository, _ name: String, _ reader: HubReader
    ) throws(Diagnostics) -> HubRevision? {
        let versions = try versions(repository, reader)
        guard let newest = versions.last else { return nil }
        if name.hasSameBytes(as: "main") { return newest.revision }
        let found = versions.first {
            $0.name.hasSameBytes(as: name) || $0.revision.commit.hasSameBytes(as: name)
        }
        guard let found else {
            throw Diagnostics(
                Diagnostic(code: .revisionNotCached, "there is no version \(name)", verdict: .undecided))
        }
        return found.revision
    }

    /// The versions of a model that a reader may see, in the order in which they came; none where there is no such model.
    private func versions(_ repository: HubRepository, _ reader: HubReader) throws(Diagnostics) -> [Version] {
        let parts = repository.id.utf8.split(separator: UInt8(ascii: "/")).compactMap { String($0) }
        guard repository.kind == .model, parts.count == 2 else { return [] }
        let isPublicOnly = !reader.seesAll(of: parts[0])
        let key = ExactName(repository.id + (isPublicOnly ? " public" : ""))
        let now = steadyTime()
        let generation = catalogue.generation
        func holds(_ known: Known) -> Bool {
            known.generation == generation && now - known.readAt < UploadedModels.life
        }
        if let found = known.withLock({ $0[key] }), holds(found) { return found.versions }
        let read: [ModelVersion]
        do throws(ModelCatalogue.Problem) {
            read = try catalogue.versions(user: parts[0], model: parts[1], isPublicOnly: isPublicOnly)
        } catch {
            throw HubShelf.broken
        }
        let versions = read.map { version in
            Version(
                name: version.version,
                revision: HubRevision(
                    version, of: repository, commit: UploadedModels.commit(version),
                    contents: catalogue.store))
        }
        // What is no model is not remembered: anybody can ask for any name.
        guard !versions.isEmpty else { return [] }
        known.withLock { all in
            if all.count >= UploadedModels.room {
                all = all.filter { holds($0.value) }
            }
            guard all.count < UploadedModels.room || all[key] != nil else { return }
            all[key] = Known(versions: versions, generation: generation, readAt: now)
        }
        return versions
    }

    /// A name for a version as git would give one: of what it is called, and of its files.
    private static func commit(_ version: ModelVersion) -> String {
        let files = version.files.map { "\($0.content.sha256) \($0.path.text)\n" }.joined()
        let text = "\(version.user)/\(version.model) \(version.version)\n\(files)"
        return (try? GitObject.name(.commit, Array(text.utf8)).hex) ?? String(repeating: "0", count: 40)
    }
}
